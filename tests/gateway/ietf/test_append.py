"""PATCH: bytes are appended where the upload stands, once; the last answer is repeated, not the bytes."""

import asyncio

import pytest

from config.settings import Settings
from gateway.services import Services
from gateway.uploads.holding import STALLED_SECONDS
from tests.gateway.conftest import OpenApi, running_gateway
from tests.gateway.ietf.speaking import (
    PARTIAL,
    ROOT,
    VERSIONS,
    Said,
    append,
    ask,
    begun,
    chunked,
    create,
    spoken,
    stands,
    stored,
)
from tests.services.api import BYTES, TUS, Api, until

TYPES = "https://iana.org/assignments/http-problem-types#"


def begun_append(api: Api, path: str, first: int, data: bytes, announced: int, *, complete: bool):
    headers = {"Content-Type": PARTIAL, "Upload-Offset": str(first), "Content-Length": str(announced)}
    return begun(api, "PATCH", path, {**headers, **spoken(6, complete=complete)}, data)


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_wrong_offset_is_409_with_both_offsets(api: Api, version: int | None) -> None:
    path = await create(api, version, length=9)
    assert (await append(api, path, 0, b"hello", complete=False, version=version)).status == 204
    for first, body in ((0, b"HELLO"), (3, b"lo"), (6, b"abc"), (10**14, b"")):
        said = await append(api, path, first, body, complete=False, version=version)
        assert (said.status, said.headers["upload-offset"]) == (409, "5")
        assert said.json["type"] == f"{TYPES}mismatching-upload-offset"
        assert (said.json["expected-offset"], said.json["provided-offset"]) == (5, first)
        assert (said.json["code"], said.json["status"]) == ("offset_mismatch", 409)
    said = await append(api, path, 6, b"abc", complete=True, version=version)
    assert (said.status, said.headers["upload-offset"]) == (409, "5")
    name, incomplete = ("upload-incomplete", "?1") if version == 3 else ("upload-complete", "?0")
    assert said.headers[name] == incomplete


async def test_another_length_is_400_as_inconsistent(api: Api) -> None:
    path = await create(api, 8, length=9)
    for complete, length, body in ((False, "8", b"abc"), (True, "9", b"abc"), (True, None, b"abc")):
        more = {} if length is None else {"Upload_Length": length}
        said = await append(api, path, 0, body, complete=complete, version=8, **more)
        assert (said.status, said.json["type"]) == (400, f"{TYPES}inconsistent-upload-length")
        assert said.headers["upload-complete"] == "?0"
    assert (await stands(api, path)).headers["upload-offset"] == "0"


async def test_a_length_may_come_with_any_request_and_stays(api: Api) -> None:
    path = await create(api, 8)
    assert (await append(api, path, 0, b"abc", complete=False, version=8, Upload_Length="5")).status == 204
    assert (await stands(api, path)).headers["upload-length"] == "5"
    said = await append(api, path, 3, b"de", complete=False, version=8, Upload_Length="6")
    assert said.status == 400


async def test_an_upload_of_unknown_length_ends_with_an_empty_request(api: Api, services: Services) -> None:
    path = await create(api, 8)
    headers = {"Content-Type": PARTIAL, "Upload-Offset": "0", "Transfer-Encoding": "chunked"}
    *_, said = await ask(api, "PATCH", path, {**headers, **spoken(8, complete=False)}, chunked(b"hello"))
    assert (said.status, said.headers["upload-offset"]) == (204, "5")
    assert "upload-length" not in (await stands(api, path)).headers
    last = await append(api, path, 5, b"", complete=True, version=8)
    assert (last.status, last.headers["upload-complete"]) == (201, "?1")
    assert await stored(services, last) == b"hello"


async def test_with_its_length_known_an_upload_is_complete_with_its_last_byte(
    api: Api, services: Services
) -> None:
    """Whatever the request says: a client that dies before it says so loses nothing."""
    path = await create(api, 8, length=5)
    said = await append(api, path, 0, b"hello", complete=False, version=8)
    assert (said.status, said.headers["upload-complete"]) == (201, "?1")
    again = await append(api, path, 5, b"", complete=True, version=8)
    assert (again.status, again.headers["evidence-location"]) == (201, said.headers["evidence-location"])
    assert await stored(services, said) == b"hello"


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_last_answer_is_repeated_for_the_same_bytes_only(
    api: Api, services: Services, version: int | None
) -> None:
    path = await create(api, version)
    assert (await append(api, path, 0, b"hel", complete=False, version=version)).status == 204
    first = await append(api, path, 3, b"lo", complete=True, version=version)
    for at, body in ((3, b"lo"), (0, b"hello"), (5, b"")):
        again = await append(api, path, at, body, complete=True, version=version)
        assert again.status == first.status == 201
        for name in ("evidence-location", "upload-offset"):
            assert again.headers[name] == first.headers[name]
    other = await append(api, path, 3, b"LO", complete=True, version=version)
    assert (other.status, other.json["type"]) == (409, f"{TYPES}mismatching-upload-offset")
    more = await append(api, path, 5, b"!", complete=False, version=version)
    assert (more.status, more.json["type"]) == (409, f"{TYPES}completed-upload")
    assert more.headers["upload-offset"] == "5"
    assert await stored(services, first) == b"hello"


async def test_five_equal_last_appends_at_once_are_one(api: Api, services: Services) -> None:
    data = bytes(range(256)) * 8000
    path = await create(api, 8, length=len(data))
    said = await asyncio.gather(*(append(api, path, 0, data, complete=True, version=8) for _ in range(5)))
    assert {one.status for one in said} == {201}
    assert await stored(services, said[0]) == data
    async with api.session.get("/v1/evidence") as answer:
        assert len((await answer.json())["items"]) == 1


@pytest.mark.parametrize("complete", [False, True])
async def test_an_append_that_is_cut_keeps_what_arrived(api: Api, services: Services, complete: bool) -> None:
    data = bytes(range(256)) * 4000
    path = await create(api, 6)
    async with begun_append(api, path, 0, data[:600_000], len(data), complete=complete):

        async def arrived() -> bool:
            return int((await stands(api, path)).headers["upload-offset"]) == 600_000

        await until(arrived)
    there = await stands(api, path, 6)
    assert (there.headers["upload-offset"], there.headers["upload-complete"]) == ("600000", "?0")
    last = await append(api, path, 600_000, data[600_000:], complete=True, version=6)
    assert await stored(services, last) == data


async def test_a_chunked_last_append_that_is_cut_is_not_the_end(api: Api) -> None:
    path = await create(api, 6)
    headers = {"Content-Type": PARTIAL, "Upload-Offset": "0", "Transfer-Encoding": "chunked"}
    async with begun(api, "PATCH", path, {**headers, **spoken(6, complete=True)}, b"5\r\nhello\r\n"):
        await until(lambda: has_arrived(api, path))
    there = await stands(api, path)
    assert there.headers["upload-complete"] == "?0"
    assert "upload-length" not in there.headers
    assert (await append(api, path, 5, b"", complete=True)).status == 201


async def has_arrived(api: Api, path: str) -> bool:
    return (await stands(api, path)).headers["upload-offset"] == "5"


async def test_a_silent_sender_is_taken_over_and_an_active_one_is_not(api: Api, services: Services) -> None:
    path = await create(api, 6, length=10)
    async with begun_append(api, path, 0, b"hello", 10, complete=True) as wire:
        await until(lambda: has_arrived(api, path))
        busy = await append(api, path, 0, b"hello worl", complete=False, version=6)
        assert busy.status == 409
        await asyncio.sleep(STALLED_SECONDS + 0.1)
        there = await stands(api, path, 6)
        assert there.headers["upload-offset"] == "5"
        last = await append(api, path, 5, b" worl", complete=True, version=6)
        assert last.status == 201
        assert Said(*await wire.answer()).status == 409
    assert await stored(services, last) == b"hello worl"


async def test_a_sender_that_was_taken_over_elsewhere_ends_nothing_with_its_last_byte(
    api: Api, settings: Settings, services: Services
) -> None:
    """Its body has no length: only its end says how long the upload is, and that no longer counts."""
    key = api.session.headers["Authorization"].removeprefix("Bearer ")
    async with running_gateway(settings) as url, Api(url, key) as other:
        path = await create(api, 6)
        headers = {"Content-Type": PARTIAL, "Upload-Offset": "0", "Transfer-Encoding": "chunked"}
        async with begun(
            api, "PATCH", path, {**headers, **spoken(6, complete=True)}, b"5\r\nhello\r\n"
        ) as wire:
            await until(lambda: has_arrived(api, path))

            async def taken_over() -> bool:
                return (await append(other, path, 5, b" worl", complete=False, version=6)).status == 204

            await until(taken_over)
            await wire.send(b"0\r\n\r\n")
            refused = Said(*await wire.answer())
            assert (refused.status, refused.headers["upload-offset"]) == (409, "10")
        there = await stands(other, path, 6)
        assert (there.headers["upload-offset"], there.headers["upload-complete"]) == ("10", "?0")
        assert "upload-length" not in there.headers
        last = await append(other, path, 10, b"d", complete=True, version=6)
    assert await stored(services, last) == b"hello world"


async def test_a_revoked_key_ends_its_append_and_others_go_on(
    api: Api, open_api: OpenApi, services: Services
) -> None:
    path = await create(api, 6, length=10)
    async with begun_append(api, path, 0, b"hello", 10, complete=True) as wire:

        async def arrived() -> bool:
            return (await stands(api, path)).headers["upload-offset"] == "5"

        await until(arrived)
        upload = await services.uploads.load(path.rpartition("/")[2], None)
        await services.principals.revoke(upload.principal_id)
        said = Said(*await wire.answer())
        assert (said.status, said.json["code"]) == (401, "key_revoked")
        assert (said.headers["upload-offset"], said.headers["upload-complete"]) == ("5", "?0")
    colleague = await open_api()
    last = await append(colleague, path, 5, b" worl", complete=True, version=6)
    assert await stored(services, last) == b"hello worl"


async def test_an_upload_begun_here_goes_on_with_tus_and_the_other_way_round(
    api: Api, services: Services
) -> None:
    path = await create(api, 8, length=5, Content_Disposition="inline; filename=essay.txt")
    assert (await append(api, path, 0, b"hel", complete=False, version=8)).status == 204
    other = path.replace(ROOT, "/v1/uploads")
    there = await api.head(other)
    assert (there.headers["Upload-Offset"], there.headers["Upload-Length"]) == ("3", "5")
    assert there.headers["Upload-Metadata"] == "filename ZXNzYXkudHh0"
    assert (await api.patch(other, 3, b"lo")).status == 204
    upload, _ = await api.create(5)
    path = upload.replace("/v1/uploads", ROOT)
    assert (await api.patch(upload, 0, b"hel")).status == 204
    last = await append(api, path, 3, b"lo", complete=True, version=8)
    assert await stored(services, last) == b"hello"


async def test_parts_and_wholes_of_tus_are_nothing_here(api: Api) -> None:
    headers = {**TUS, "Upload-Length": "5", "Upload-Concat": "partial"}
    async with api.session.post("/v1/uploads", headers=headers) as answer:
        part = answer.headers["Location"]
    headers = {**TUS, "Upload-Concat": f"final;{part}"}
    async with api.session.post("/v1/uploads", headers=headers) as answer:
        whole = answer.headers["Location"]
    for location in (part, whole):
        path = location.removeprefix(api.url).replace("/v1/uploads", ROOT)
        assert (await stands(api, path)).status == 404
        assert (await append(api, path, 0, b"hello", complete=True)).status == 404
        async with api.session.delete(path) as answer:
            assert answer.status == 404
    assert (await api.patch(part, 0, b"hello", **BYTES)).status == 204


@pytest.mark.parametrize("offset", [None, "-1", "1.0", "?0", "0, 0", "", "9" * 16])
async def test_an_append_must_say_where(api: Api, offset: str | None) -> None:
    path = await create(api, 8)
    headers = {"Content-Type": PARTIAL, **spoken(8, complete=False)}
    sent = {} if offset is None else {"Upload-Offset": offset}
    *_, said = await ask(api, "PATCH", path, {**headers, **sent}, b"hello")
    assert (said.status, said.json["code"]) == (400, "invalid_header")
    assert (await stands(api, path)).headers["upload-offset"] == "0"


async def test_an_append_must_say_whether_it_is_the_last(api: Api) -> None:
    path = await create(api, 8)
    *_, said = await ask(api, "PATCH", path, {"Content-Type": PARTIAL, "Upload-Offset": "0"}, b"hello")
    assert (said.status, said.json["code"]) == (400, "invalid_header")


async def test_more_than_was_announced_is_413_with_the_limits(api: Api) -> None:
    path = await create(api, 8, length=4)
    said = await append(api, path, 0, b"hello", complete=False, version=8)
    assert (said.status, said.json["code"], said.headers["upload-complete"]) == (413, "body_too_long", "?0")
    assert said.limits["max-size"] > 0
    there = await stands(api, path)
    assert (there.status, there.headers["upload-offset"]) == (204, "0")


async def test_more_than_was_announced_in_an_append_of_unknown_length_ends_the_upload(api: Api) -> None:
    path = await create(api, 8, length=4)
    headers = {"Content-Type": PARTIAL, "Upload-Offset": "0", "Transfer-Encoding": "chunked"}
    *_, said = await ask(api, "PATCH", path, {**headers, **spoken(8, complete=False)}, chunked(b"hello"))
    assert (said.status, said.json["code"], said.headers["upload-complete"]) == (413, "body_too_long", "?1")
    assert (await stands(api, path)).status == 404
    assert (await append(api, path, 4, b"", complete=True)).status == 404
