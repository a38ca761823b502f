"""Uploads whose length is announced later (tus 1.0.0, Creation Defer Length)."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from config.formats import load_formats
from config.settings import Settings
from gateway.services import Services
from tests.gateway.wire import connected, head_of, until_offset
from tests.services.api import BYTES, TUS, Api, metadata

DEFER = {"Upload-Defer-Length": "1"}
JPG_LIMIT = load_formats().extensions["jpg"].accept_bytes


async def create(api: Api, data: bytes = b"", filename: str | None = None, **headers: str) -> tuple[str, str]:
    """Begin an upload of a length that is not known; return the paths of upload and evidence."""
    named = {"Upload-Metadata": metadata(filename=filename)} if filename else {}
    sent = {**(BYTES if data else TUS), **DEFER, **named, **headers}
    async with api.session.post("/v1/uploads", headers=sent, data=data or None) as answer:
        assert answer.status == 201, await answer.text()
        return answer.headers["Location"].removeprefix(api.url), answer.headers["Evidence-Location"]


async def patch(api: Api, upload: str, offset: int, data: bytes = b"", **headers: str) -> tuple[int, dict]:
    """Return the status and, of a refusal, its code and headers; of others their headers."""
    sent = {**BYTES, "Upload-Offset": str(offset), **headers}
    async with api.session.patch(upload, headers=sent, data=data) as answer:
        code = (await answer.json())["code"] if answer.status >= 400 else None
        return answer.status, {**answer.headers, "code": code}


async def test_head_says_that_the_length_is_deferred_until_it_is_known(api: Api) -> None:
    upload, evidence = await create(api)
    head = await api.head(upload)
    assert (head.headers["Upload-Offset"], head.headers["Upload-Defer-Length"]) == ("0", "1")
    assert "Upload-Length" not in head.headers
    assert (await patch(api, upload, 0, b"hello"))[0] == 204
    assert (await api.head(upload)).headers["Upload-Defer-Length"] == "1"
    assert (await api.evidence(evidence))["size_bytes"] is None
    assert (await patch(api, upload, 5, b" wor", **{"Upload-Length": "11"}))[0] == 204
    head = await api.head(upload)
    assert (head.headers["Upload-Offset"], head.headers["Upload-Length"]) == ("9", "11")
    assert "Upload-Defer-Length" not in head.headers
    found = await api.evidence(evidence)
    assert (found["state"], found["size_bytes"]) == ("receiving", 11)
    assert (await patch(api, upload, 9, b"ld"))[0] == 204
    assert (await api.evidence(evidence))["state"] == "received"


async def test_an_empty_patch_that_says_the_offset_is_the_length_completes(api: Api) -> None:
    upload, evidence = await create(api, b"hello")
    status, headers = await patch(api, upload, 5, **{"Upload-Length": "5"})
    assert (status, headers["Upload-Offset"]) == (204, "5")
    found = await api.evidence(evidence)
    assert (found["state"], found["size_bytes"]) == ("received", 5)


async def test_a_length_of_nothing_completes_an_empty_upload(api: Api) -> None:
    upload, evidence = await create(api)
    assert (await patch(api, upload, 0, **{"Upload-Length": "0"}))[0] == 204
    assert (await api.evidence(evidence))["code"] == "empty_file"


@pytest.mark.parametrize(
    ("headers", "named"),
    [
        ({}, "Upload-Length"),
        ({"Upload-Length": "5", **DEFER}, "Upload-Length"),
        ({"Upload-Defer-Length": "0"}, "Upload-Defer-Length"),
        ({"Upload-Defer-Length": "2"}, "Upload-Defer-Length"),
        ({"Upload-Defer-Length": "true"}, "Upload-Defer-Length"),
        ({"Upload-Defer-Length": ""}, "Upload-Defer-Length"),
        ({"Upload-Defer-Length": "1, 1"}, "Upload-Defer-Length"),
        ({"Upload-Defer-Length": "0", "Upload-Length": "5"}, "Upload-Defer-Length"),
    ],
)
async def test_a_creation_announces_a_length_or_that_it_is_deferred(
    api: Api, settings: Settings, headers: dict[str, str], named: str
) -> None:
    async with api.session.post("/v1/uploads", headers={**TUS, **headers}) as answer:
        problem = await answer.json()
    assert (answer.status, problem["code"]) == (400, "invalid_header")
    assert named in problem["detail"]
    assert not list((settings.store / "uploads").iterdir())


async def test_two_headers_that_defer_are_400(api: Api) -> None:
    headers = {**TUS, "Upload-Defer-Length": "1\r\nUpload-Defer-Length: 1"}
    async with connected(api.url) as wire:
        await wire.send(head_of(api, "POST", "/v1/uploads", headers))
        assert (await wire.answer())[0] == 400


async def test_a_length_never_changes_once_it_is_known(api: Api) -> None:
    upload, _ = await create(api)
    assert (await patch(api, upload, 0, b"hello", **{"Upload-Length": "11"}))[0] == 204
    status, headers = await patch(api, upload, 5, b" world!", **{"Upload-Length": "12"})
    assert (status, headers["code"]) == (400, "length_changed")
    assert await api.offset(upload) == 5
    assert (await patch(api, upload, 5, b" world", **{"Upload-Length": "11"}))[0] == 204
    assert (await patch(api, upload, 11, **{"Upload-Length": "11"}))[0] == 204
    assert (await patch(api, upload, 11, **{"Upload-Length": "12"}))[1]["code"] == "length_changed"
    known, _ = await api.create(5)
    assert (await patch(api, known, 0, b"hello", **{"Upload-Length": "6"}))[1]["code"] == "length_changed"
    assert (await patch(api, known, 0, b"hello", **{"Upload-Length": "5"}))[0] == 204


@pytest.mark.parametrize("length", ["4", "0"])
async def test_a_length_below_what_has_arrived_is_400_and_nothing_is_lost(api: Api, length: str) -> None:
    upload, _ = await create(api, b"hello")
    status, headers = await patch(api, upload, 5, **{"Upload-Length": length})
    assert (status, headers["code"]) == (400, "length_below_offset")
    head = await api.head(upload)
    assert (head.headers["Upload-Offset"], head.headers["Upload-Defer-Length"]) == ("5", "1")


@pytest.mark.parametrize("length", ["-1", "5.0", "five", "", "1" * 19])
async def test_a_length_that_is_no_number_is_400_and_stays_deferred(api: Api, length: str) -> None:
    upload, _ = await create(api)
    status, headers = await patch(api, upload, 0, b"hello", **{"Upload-Length": length})
    assert (status, headers["code"]) == (400, "invalid_header")
    assert "Upload-Length" not in (await api.head(upload)).headers


async def test_a_length_at_the_wrong_offset_is_not_set(api: Api) -> None:
    upload, _ = await create(api, b"hello")
    async with asyncio.timeout(5):
        status, headers = await patch(api, upload, 3, b"lo", **{"Upload-Length": "5"})
    assert (status, headers["Upload-Offset"]) == (409, "5")
    assert "Upload-Length" not in (await api.head(upload)).headers


async def test_a_body_longer_than_the_length_it_brings_is_413_and_the_length_stays_deferred(
    api: Api,
) -> None:
    upload, _ = await create(api)
    status, headers = await patch(api, upload, 0, b"hello", **{"Upload-Length": "4"})
    assert (status, headers["code"]) == (413, "body_too_long")
    head = await api.head(upload)
    assert (head.headers["Upload-Offset"], head.headers["Upload-Defer-Length"]) == ("0", "1")


async def test_a_length_beyond_what_the_extension_accepts_is_413_and_nothing_is_lost(api: Api) -> None:
    upload, _ = await create(api, b"hello", "photo.jpg")
    status, headers = await patch(api, upload, 5, **{"Upload-Length": str(JPG_LIMIT + 1)})
    assert (status, headers["code"]) == (413, "file_too_large")
    assert (await api.head(upload)).headers["Upload-Defer-Length"] == "1"
    assert (await patch(api, upload, 5, b"x", **{"Upload-Length": str(JPG_LIMIT)}))[0] == 204


async def test_a_body_beyond_what_the_extension_accepts_is_413_before_a_byte_is_read(api: Api) -> None:
    upload, _ = await create(api, filename="photo.jpg")
    headers = {**BYTES, "Upload-Offset": "0", "Content-Length": str(JPG_LIMIT + 1)}
    async with connected(api.url) as wire:
        await wire.send(head_of(api, "PATCH", upload, headers))
        status, _, body = await wire.answer()
    assert (status, b"file_too_large" in body) == (413, True)
    assert await api.offset(upload) == 0


async def test_a_body_without_a_length_ends_at_what_the_extension_accepts(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(8):
            yield b"x" * 1000

    monkeypatch.setattr("gateway.uploads.lengths.accepted_bytes", lambda row: 5000 if row else 1 << 40)
    upload, _ = await create(api, filename="photo.jpg")
    answer = await api.patch(upload, 0, body())
    assert answer.status == 413
    assert await api.offset(upload) == 5000


@pytest.mark.parametrize("chosen", [{"free_disk_reserve_bytes": 1 << 60}])
async def test_without_room_no_bytes_of_a_deferred_upload_are_taken(
    api: Api, services: Services, settings: Settings
) -> None:
    async with api.session.post("/v1/uploads", headers={**TUS, **DEFER}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (507, "storage_full")


async def test_two_lengths_at_once_set_one(api: Api) -> None:
    winners = []
    for _ in range(10):
        upload, _ = await create(api)
        answers = await asyncio.gather(
            patch(api, upload, 0, b"aaaa", **{"Upload-Length": "10"}),
            patch(api, upload, 0, b"bbbb", **{"Upload-Length": "11"}),
        )
        won = [length for length, (status, _) in zip(("10", "11"), answers, strict=True) if status == 204]
        head = (await api.head(upload)).headers
        assert head["Upload-Length"] in {"10", "11"}
        if won:  # nobody does when the first is taken over because the machine kept it waiting
            assert (head["Upload-Offset"], [head["Upload-Length"]]) == ("4", won)
        winners += won
    assert winners


async def test_the_length_may_come_with_bytes_of_a_connection_that_is_cut(api: Api) -> None:
    upload, evidence = await create(api)
    headers = {**BYTES, "Upload-Offset": "0", "Upload-Length": "10", "Content-Length": "10"}
    async with connected(api.url) as wire:
        await wire.send(head_of(api, "PATCH", upload, headers) + b"hello")
        await until_offset(api, upload, 5)
    assert (await api.head(upload)).headers["Upload-Length"] == "10"
    assert (await patch(api, upload, 5, b"world"))[0] == 204
    assert (await api.evidence(evidence))["state"] == "received"


async def test_a_repeated_creation_finds_its_upload_also_when_the_length_is_known_by_now(api: Api) -> None:
    first = await create(api, **{"Idempotency-Key": "once"})
    await patch(api, first[0], 0, b"hello", **{"Upload-Length": "11"})
    assert await create(api, **{"Idempotency-Key": "once"}) == first
    headers = {**TUS, "Upload-Length": "12", "Idempotency-Key": "once"}
    async with api.session.post("/v1/uploads", headers=headers) as answer:
        assert answer.status == 422
