"""tus 1.0.0 on the wire: core, creation, creation-with-upload, expiration, termination."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest

from gateway.uploads.holding import STALLED_SECONDS
from tests.gateway.conftest import OpenApi
from tests.gateway.wire import until_offset
from tests.services.api import BYTES, TUS, Api, cut_connection, metadata


async def test_options_announces_what_is_composed_and_needs_no_key(open_api: OpenApi) -> None:
    api = await open_api(key="")
    async with api.session.options("/v1/uploads") as answer:
        assert answer.status == 200
        assert answer.headers["Tus-Version"] == "1.0.0"
        offered = set(answer.headers["Tus-Extension"].split(","))
        assert offered >= {"creation", "creation-with-upload", "creation-defer-length", "expiration"}
        assert offered >= {"concatenation", "concatenation-unfinished", "termination"}
        assert answer.headers["Tus-Max-Size"] == str(50 << 30)


async def test_a_file_in_three_chunks_is_received(api: Api) -> None:
    upload, evidence = await api.create(10, "notes.txt")
    for offset, piece in ((0, b"hello"), (5, b" wor"), (9, b"d")):
        answer = await api.patch(upload, offset, piece)
        assert answer.status == 204
        assert answer.headers["Upload-Offset"] == str(offset + len(piece))
    assert (await api.evidence(evidence))["state"] == "received"


async def test_creation_answers_absolute_location_evidence_and_expiry(api: Api) -> None:
    async with api.session.post("/v1/uploads", headers={**TUS, "Upload-Length": "5"}) as answer:
        assert answer.status == 201
        assert answer.headers["Location"].startswith(f"{api.url}/v1/uploads/")
        assert answer.headers["Evidence-Location"].startswith("/v1/evidence/")
        expires = parsedate_to_datetime(answer.headers["Upload-Expires"])
        assert 6.9 < (expires - datetime.now(UTC)).total_seconds() / 86400 < 7.1


async def test_location_is_as_the_proxy_in_front_says(api: Api) -> None:
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "portal.example"}
    async with api.session.post("/v1/uploads", headers={**TUS, "Upload-Length": "5", **forwarded}) as answer:
        assert answer.headers["Location"].startswith("https://portal.example/v1/uploads/")


async def test_creation_with_upload_takes_the_first_bytes(api: Api) -> None:
    headers = {**BYTES, "Upload-Length": "10", "Upload-Metadata": metadata(filename="a.txt")}
    async with api.session.post("/v1/uploads", headers=headers, data=b"hello") as answer:
        assert (answer.status, answer.headers["Upload-Offset"]) == (201, "5")
        upload = answer.headers["Location"].removeprefix(api.url)
    assert await api.offset(upload) == 5


async def test_creation_with_the_whole_upload_completes_it(api: Api) -> None:
    async with api.session.post(
        "/v1/uploads", headers={**BYTES, "Upload-Length": "5"}, data=b"hello"
    ) as answer:
        assert (answer.status, answer.headers["Upload-Offset"]) == (201, "5")
        assert (await api.evidence(answer.headers["Evidence-Location"]))["state"] == "received"


async def test_an_empty_upload_is_complete_at_once_and_rejected(api: Api) -> None:
    upload, evidence = await api.create(0, "empty.txt")
    answer = await api.head(upload)
    assert (answer.status, answer.headers["Upload-Offset"], answer.headers["Upload-Length"]) == (
        200,
        "0",
        "0",
    )
    found = await api.evidence(evidence)
    assert (found["state"], found["code"]) == ("rejected", "empty_file")
    assert found["reason"]
    assert found["remedy"]


async def test_head_tells_offset_length_and_metadata_verbatim(api: Api) -> None:
    upload, _ = await api.create(
        10, None, **{"Upload-Metadata": metadata(filename="ü.txt", note="") + ",flag"}
    )
    answer = await api.head(upload)
    assert answer.status == 200
    assert answer.headers["Upload-Offset"] == "0"
    assert answer.headers["Upload-Length"] == "10"
    assert answer.headers["Upload-Metadata"] == metadata(filename="ü.txt", note="") + ",flag"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Upload-Expires" in answer.headers


async def test_patch_at_a_wrong_offset_is_409_with_the_right_one(api: Api) -> None:
    upload, _ = await api.create(10)
    await api.patch(upload, 0, b"hello")
    for lie in (0, 4, 6, 10, 999):
        answer = await api.patch(upload, lie, b"x")
        assert (answer.status, answer.headers["Upload-Offset"]) == (409, "5")
    assert await api.offset(upload) == 5


async def test_more_bytes_than_announced_are_413_and_none_is_kept_when_the_length_is_known(api: Api) -> None:
    upload, _ = await api.create(4)
    assert (await api.patch(upload, 0, b"hello")).status == 413
    assert await api.offset(upload) == 0


async def test_a_chunked_body_beyond_the_length_is_413(api: Api) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"hell"
        yield b"o and more"

    upload, evidence = await api.create(5)
    assert (await api.patch(upload, 0, body())).status == 413
    assert await api.offset(upload) <= 5
    assert (await api.evidence(evidence))["size_bytes"] == 5


@pytest.mark.parametrize("version", [None, "0.2.2", "1.0.1", ""])
@pytest.mark.parametrize("method", ["POST", "HEAD", "PATCH", "DELETE"])
async def test_another_protocol_version_is_412_with_ours(api: Api, method: str, version: str | None) -> None:
    upload, _ = await api.create(5)
    headers = {} if version is None else {"Tus-Resumable": version}
    path = "/v1/uploads" if method == "POST" else upload
    async with api.session.request(method, path, headers=headers) as answer:
        assert answer.status == 412
        assert answer.headers["Tus-Version"] == "1.0.0"
        assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert await api.offset(upload) == 0


async def test_a_body_of_another_type_is_415(api: Api) -> None:
    upload, _ = await api.create(5)
    headers = {**TUS, "Upload-Offset": "0", "Content-Type": "application/octet-stream"}
    async with api.session.patch(upload, headers=headers, data=b"hello") as answer:
        assert answer.status == 415
    headers = {**TUS, "Upload-Length": "5", "Content-Type": "text/plain"}
    async with api.session.post("/v1/uploads", headers=headers, data=b"hello") as answer:
        assert answer.status == 415


@pytest.mark.parametrize("length", [None, "-1", "abc", "1.5", "", " 5", "5 ", "9" * 30, "٣"])
async def test_a_malformed_length_is_400(api: Api, length: str | None) -> None:
    headers = TUS if length is None else {**TUS, "Upload-Length": length}
    async with api.session.post("/v1/uploads", headers=headers) as answer:
        assert answer.status in ({201} if (length or "").strip() == "5" else {400})


@pytest.mark.parametrize("offset", [None, "-1", "abc", "0x5", "9" * 30])
async def test_a_malformed_offset_is_400(api: Api, offset: str | None) -> None:
    upload, _ = await api.create(5)
    headers = BYTES if offset is None else {**BYTES, "Upload-Offset": offset}
    async with api.session.patch(upload, headers=headers, data=b"hello") as answer:
        assert answer.status == 400
    assert await api.offset(upload) == 0


@pytest.mark.parametrize("sent", ["filename", "filename !!!", "a YQ==,a YQ==", ",", "filename YQ==,"])
async def test_malformed_metadata_is_400_unless_a_value_is_only_missing(api: Api, sent: str) -> None:
    headers = {**TUS, "Upload-Length": "5", "Upload-Metadata": sent}
    async with api.session.post("/v1/uploads", headers=headers) as answer:
        assert answer.status == (201 if sent == "filename" else 400)


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd.txt", "a\0b.txt", "x" * 4000 + ".txt", "\u202etxt.exe.txt", "a\nb\r\n.txt"]
)
async def test_hostile_names_are_made_harmless_and_lose_nothing(api: Api, name: str) -> None:
    evidence = await api.send(b"hello", name)
    shown = (await api.evidence(evidence))["filename"]
    assert shown.endswith(".txt")
    assert not set(shown) & set("/\\\0\n\r\u202e")
    assert len(shown) <= 255


async def test_an_extension_outside_the_table_is_refused_before_a_byte_is_read(api: Api) -> None:
    headers = {**TUS, "Upload-Length": "5", "Upload-Metadata": metadata(filename="archive.rar")}
    async with api.session.post("/v1/uploads", headers=headers) as answer:
        problem = await answer.json()
        assert (answer.status, problem["code"]) == (415, "extension_not_accepted")
        assert ".rar" in problem["detail"]
        assert ".pdf" in problem["remedy"]


async def test_more_than_the_extension_may_have_is_refused_before_a_byte_is_read(api: Api) -> None:
    headers = {**TUS, "Upload-Length": str(101 << 20), "Upload-Metadata": metadata(filename="photo.jpg")}
    async with api.session.post("/v1/uploads", headers=headers) as answer:
        problem = await answer.json()
        assert (answer.status, problem["code"]) == (413, "file_too_large")
        assert answer.content_type == "application/problem+json"
        assert {"type", "title", "status", "code", "detail", "remedy"} <= problem.keys()


async def test_a_repeated_creation_answers_the_first_ones_locations(api: Api) -> None:
    first = await api.create(5, "a.txt", **{"Idempotency-Key": "once"})
    assert await api.create(5, "a.txt", **{"Idempotency-Key": "once"}) == first
    assert await api.create(5, "a.txt", **{"Idempotency-Key": "twice"}) != first


async def test_a_cancelled_upload_is_gone_and_its_evidence_withdrawn(api: Api) -> None:
    upload, evidence = await api.create(10)
    await api.patch(upload, 0, b"hello")
    async with api.session.delete(upload, headers=TUS) as answer:
        assert answer.status == 204
    assert (await api.head(upload)).status == 404
    assert (await api.patch(upload, 5, b"x")).status == 404
    assert (await api.evidence(evidence))["state"] == "withdrawn"


async def test_deleting_a_complete_upload_never_touches_its_evidence(api: Api) -> None:
    upload, evidence = await api.create(5)
    await api.patch(upload, 0, b"hello")
    async with api.session.delete(upload, headers=TUS) as answer:
        assert answer.status == 204
    assert (await api.head(upload)).status == 404
    assert (await api.evidence(evidence))["state"] == "received"


async def test_get_of_an_upload_is_405_and_no_unknown_path_is_500(api: Api) -> None:
    upload, _ = await api.create(5)
    assert (await api.download(upload))[0] == 405
    for path in (
        "/v1/uploads/nope",
        "/v1/uploads/..%2f..%2fetc",
        "/v1/uploads/%00",
        f"/v1/uploads/{'x' * 3000}",
    ):
        async with api.session.head(path, headers=TUS) as answer:
            assert answer.status == 404


async def test_what_a_cut_connection_delivered_is_kept(api: Api) -> None:
    upload, _ = await api.create(100)
    async with cut_connection(api, upload, 0, b"x" * 40, 100):
        pass
    await until_offset(api, upload, 40)


async def test_head_during_a_stalled_patch_answers_an_offset_the_next_patch_is_accepted_at(api: Api) -> None:
    loop = asyncio.get_running_loop()
    took = []
    for _ in range(5):
        upload, evidence = await api.create(100)
        async with cut_connection(api, upload, 0, b"x" * 40, 100):
            await until_offset(api, upload, 40)
            await asyncio.sleep(STALLED_SECONDS + 0.1)
            asked = loop.time()
            assert await api.offset(upload) == 40
            took.append(loop.time() - asked)
            assert (await api.patch(upload, 40, b"y" * 60)).status == 204
        assert (await api.evidence(evidence))["size_bytes"] == 100
    # One that the machine kept waiting says nothing of the gateway.
    assert min(took) < 0.25


async def test_a_sender_that_is_receiving_is_not_ended_by_another(api: Api) -> None:
    gate = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        while not gate.is_set():
            yield b"x" * 10
            await asyncio.sleep(0.05)

    upload, _ = await api.create(1 << 20)
    sending = asyncio.create_task(api.patch(upload, 0, body()))
    await until_offset(api, upload, 10)
    rival = await api.patch(upload, 0, b"y" * 10)
    assert rival.status == 409
    assert int(rival.headers["Upload-Offset"]) >= 10
    gate.set()
    assert (await sending).status == 204


async def test_two_racing_patches_have_one_winner(api: Api) -> None:
    for _ in range(10):
        upload, _evidence = await api.create(8)
        answers = await asyncio.gather(api.patch(upload, 0, b"aaaa"), api.patch(upload, 0, b"bbbb"))
        assert sorted(answer.status for answer in answers) == [204, 409]
        assert await api.offset(upload) == 4
