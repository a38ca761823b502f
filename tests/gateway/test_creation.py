"""Creations: repeated under a key, and with headers that lie."""

from pathlib import Path

import pytest

from config.settings import Settings
from tests.gateway.conftest import OpenApi
from tests.gateway.wire import connected, head_of
from tests.services.api import BYTES, TUS, Api, metadata

ONCE = {"Idempotency-Key": "once"}


def folders(settings: Settings) -> list[Path]:
    return list((settings.store / "uploads").iterdir())


async def create(api: Api, length: int, data: bytes = b"", **headers: str) -> tuple[int, dict[str, str], str]:
    sent = {**(BYTES if data else TUS), "Upload-Length": str(length), **headers}
    async with api.session.post("/v1/uploads", headers=sent, data=data or None) as answer:
        code = (await answer.json()).get("code") if answer.status >= 400 else ""
        return answer.status, dict(answer.headers), code


async def test_a_repeated_creation_says_where_its_upload_stands(api: Api, settings: Settings) -> None:
    _, first, _ = await create(api, 10, b"hello", **ONCE)
    status, again, _ = await create(api, 10, b"hello", **ONCE)
    assert (status, again["Upload-Offset"]) == (201, "5")
    assert again["Location"] == first["Location"]
    assert again["Evidence-Location"] == first["Evidence-Location"]
    await api.patch(first["Location"].removeprefix(api.url), 5, b"world")
    status, again, _ = await create(api, 10, **ONCE)
    assert (status, again["Upload-Offset"], again["Location"]) == (201, "10", first["Location"])
    assert folders(settings) == []


async def test_a_key_used_for_something_else_is_422(api: Api) -> None:
    await create(api, 10, **ONCE, **{"Upload-Metadata": metadata(filename="a.txt")})
    for length, name in ((11, "a.txt"), (10, "b.txt")):
        status, _, code = await create(api, length, **ONCE, **{"Upload-Metadata": metadata(filename=name)})
        assert (status, code) == (422, "idempotency_key_reused")


async def test_a_cancelled_upload_lets_go_of_its_key(api: Api) -> None:
    first, _ = await api.create(10, **ONCE)
    async with api.session.delete(first, headers=TUS) as answer:
        assert answer.status == 204
    again, _ = await api.create(10, **ONCE)
    assert again != first
    assert await api.offset(again) == 0


@pytest.mark.parametrize("chosen", [{"open_uploads_per_centre": 1}])
async def test_a_repetition_is_answered_also_at_the_limit_of_open_uploads(api: Api) -> None:
    first = await api.create(10, **ONCE)
    assert (await create(api, 10))[0] == 429
    assert await api.create(10, **ONCE) == first


@pytest.mark.parametrize("key", [b"\xff\xfe", b"", b"x" * 256, b"a\xe9", b"a\tb"])
async def test_a_key_that_is_none_is_400_and_leaves_nothing(api: Api, settings: Settings, key: bytes) -> None:
    headers = head_of(api, "POST", "/v1/uploads", {**TUS, "Upload-Length": "10", "Idempotency-Key": "KEY"})
    async with connected(api.url) as wire:
        await wire.send(headers.replace(b"KEY", key))
        assert (await wire.answer())[0] == 400
    assert folders(settings) == []


async def test_two_keys_at_once_are_400(api: Api) -> None:
    headers = {**TUS, "Upload-Length": "10", "Idempotency-Key": "one\r\nIdempotency-Key: two"}
    async with connected(api.url) as wire:
        await wire.send(head_of(api, "POST", "/v1/uploads", headers))
        assert (await wire.answer())[0] == 400


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "identity, gzip", "br", "GZIP"])
async def test_an_encoded_body_is_415_and_nothing_of_it_is_kept(api: Api, encoding: str) -> None:
    upload, _ = await api.create(31)
    headers = {**BYTES, "Upload-Offset": "0", "Content-Encoding": encoding, "Content-Length": "31"}
    async with connected(api.url) as wire:
        await wire.send(head_of(api, "PATCH", upload, headers) + b"\x1f\x8b" + b"x" * 29)
        status, _, body = await wire.answer()
        assert (status, b"content_encoding" in body) == (415, True)
    assert await api.offset(upload) == 0
    del headers["Upload-Offset"]
    async with connected(api.url) as wire:
        await wire.send(head_of(api, "POST", "/v1/uploads", {**headers, "Upload-Length": "31"}) + b"x" * 31)
        assert (await wire.answer())[0] == 415


async def test_a_body_said_to_be_as_it_is_is_taken(api: Api) -> None:
    upload, _ = await api.create(5)
    headers = {**BYTES, "Upload-Offset": "0", "Content-Encoding": "identity"}
    async with api.session.patch(upload, headers=headers, data=b"hello") as answer:
        assert (answer.status, answer.headers["Upload-Offset"]) == (204, "5")


@pytest.mark.parametrize(
    ("scheme", "host"),
    [
        ("javascript", "e vil/%0d"),
        ("javascript", "portal.example"),
        ("https", "e vil"),
        ("https", "a@b.example"),
        ("https", "portal.example:99999"),
        ("https", "portal.example/path"),
        ("https", ""),
    ],
)
async def test_a_location_is_never_made_of_what_is_no_address(api: Api, scheme: str, host: str) -> None:
    headers = {**TUS, "Upload-Length": "5", "X-Forwarded-Proto": scheme, "X-Forwarded-Host": host}
    async with api.session.post("/v1/uploads", headers=headers) as answer:
        start = answer.headers["Location"].partition("/v1/uploads/")[0]
    own = api.url.removeprefix("http://")
    forwarded = {"http://portal.example", f"https://{own}", f"http://{own}"}
    assert start in forwarded


async def test_without_a_host_the_location_is_the_address_connected_to(api: Api) -> None:
    request = head_of(api, "POST", "/v1/uploads", {**TUS, "Upload-Length": "5"}).replace(
        b"HTTP/1.1", b"HTTP/1.0"
    )
    lines = [line for line in request.split(b"\r\n") if not line.startswith(b"Host")]
    async with connected(api.url) as wire:
        await wire.send(b"\r\n".join(lines))
        status, headers, _ = await wire.answer()
    assert status == 201
    assert headers["location"].startswith(f"{api.url}/v1/uploads/")


async def test_options_needs_no_key_anywhere(open_api: OpenApi) -> None:
    nobody = await open_api(key="")
    for path, allowed in (("/v1/evidence", "GET"), ("/v1/queues", "GET"), ("/livez", "GET")):
        async with nobody.session.options(path) as answer:
            assert answer.status == 204
            assert {allowed, "OPTIONS"} <= {method.strip() for method in answer.headers["Allow"].split(",")}


async def test_metadata_in_two_lines_is_one_list(api: Api) -> None:
    lines = [("Upload-Metadata", metadata(note="x")), ("Upload-Metadata", metadata(filename="a.nonsense"))]
    sent = [*TUS.items(), ("Upload-Length", "5"), *lines]
    async with api.session.post("/v1/uploads", headers=sent) as answer:
        assert (answer.status, (await answer.json())["code"]) == (415, "extension_not_accepted")
    async with api.session.post("/v1/uploads", headers=[*sent[:-1], lines[0]]) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, "invalid_header")
    async with api.session.post("/v1/uploads", headers=[*sent[:-1], (lines[0][0], "b eA==")]) as answer:
        assert answer.status == 201
        head = await api.head(answer.headers["Location"].removeprefix(api.url))
    assert head.headers["Upload-Metadata"] == "note eA==,b eA=="
