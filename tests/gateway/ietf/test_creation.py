"""POST: an upload begins, with all, some or none of its bytes."""

import asyncio

import pytest

from config.formats import load_formats
from gateway.services import Services
from tests.gateway.conftest import OpenApi
from tests.gateway.ietf.speaking import (
    ROOT,
    Said,
    answers,
    append,
    ask,
    begun,
    chunked,
    create,
    spoken,
    stands,
    stored,
)
from tests.gateway.wire import connected, head_of
from tests.services.api import TUS, Api, until

INCONSISTENT = "https://iana.org/assignments/http-problem-types#inconsistent-upload-length"


async def test_a_whole_file_of_unknown_length_ends_with_its_body(api: Api, services: Services) -> None:
    headers = {**spoken(8, complete=True), "Transfer-Encoding": "chunked"}
    *_, said = await ask(api, "POST", ROOT, headers, chunked(b"hel", b"lo"))
    assert (said.status, said.headers["upload-complete"], said.headers["upload-offset"]) == (201, "?1", "5")
    assert await stored(services, said) == b"hello"
    evidence = await api.evidence(said.headers["evidence-location"])
    assert (evidence["state"], evidence["size_bytes"]) == ("received", 5)


@pytest.mark.parametrize("framed", [{}, {"Transfer-Encoding": "chunked"}])
async def test_an_empty_file_is_complete_at_once_and_rejected(api: Api, framed: dict[str, str]) -> None:
    body = chunked() if framed else b""
    *_, said = await ask(api, "POST", ROOT, {**spoken(8, complete=True), **framed}, body)
    assert (said.status, said.headers["upload-complete"]) == (201, "?1")
    evidence = await api.evidence(said.headers["evidence-location"])
    assert (evidence["state"], evidence["code"]) == ("rejected", "empty_file")


async def test_the_first_bytes_come_with_the_creation(api: Api, services: Services) -> None:
    interim, said = await ask(api, "POST", ROOT, spoken(8, complete=False, Upload_Length="8"), b"hel")
    assert (said.status, said.headers["upload-complete"], said.headers["upload-offset"]) == (201, "?0", "3")
    assert said.headers["upload-limit"]
    path = said.headers["location"].removeprefix(api.url)
    assert interim.headers["location"] == said.headers["location"]
    last = await append(api, path, 3, b"lo th", complete=True)
    assert last.status == 201
    assert await stored(services, last) == b"hello th"


async def test_lengths_that_do_not_agree_are_400_and_nothing_begins(api: Api) -> None:
    (said,) = await ask(api, "POST", ROOT, spoken(8, complete=True, Upload_Length="6"), b"hello")
    assert (said.status, said.json["type"], said.headers["upload-complete"]) == (400, INCONSISTENT, "?0")
    async with api.session.get("/v1/evidence") as answer:
        assert (await answer.json())["items"] == []


async def test_a_body_that_ends_before_the_length_announced_is_kept_but_not_complete(api: Api) -> None:
    headers = {**spoken(8, complete=True, Upload_Length="6"), "Transfer-Encoding": "chunked"}
    _, said = await ask(api, "POST", ROOT, headers, chunked(b"hello"))
    assert (said.status, said.json["type"], said.headers["upload-complete"]) == (400, INCONSISTENT, "?0")
    path = said.headers["location"].removeprefix(api.url)
    assert (await stands(api, path)).headers["upload-offset"] == "5"
    assert (await append(api, path, 5, b"!", complete=True)).status == 201


async def test_more_than_was_announced_ends_the_upload(api: Api) -> None:
    """The server must mark "the upload resource invalid", and reject "any further interaction"."""
    headers = {**spoken(8, complete=False, Upload_Length="4"), "Transfer-Encoding": "chunked"}
    _, said = await ask(api, "POST", ROOT, headers, chunked(b"hel", b"lo"))
    assert (said.status, said.json["code"], said.headers["upload-complete"]) == (413, "body_too_long", "?1")
    path = said.headers["location"].removeprefix(api.url)
    assert (await stands(api, path)).status == 404
    async with api.session.get("/v1/evidence") as answer:
        (evidence,) = (await answer.json())["items"]
    assert (evidence["state"], evidence["code"]) == ("rejected", "body_too_long")


async def test_what_is_too_large_for_its_name_is_413_and_says_the_limit(api: Api) -> None:
    headers = spoken(8, complete=False, Content_Disposition="inline; filename=a.jpg")
    (said,) = await ask(api, "POST", ROOT, {**headers, "Upload-Length": "1000000000"})
    assert (said.status, said.json["code"]) == (413, "file_too_large")
    assert said.limits["max-size"] == load_formats().extensions["jpg"].accept_bytes


@pytest.mark.parametrize("length", ["-1", "1.5", "?1", "9" * 16, "1, 2", "five", ""])
async def test_a_malformed_length_is_as_none(api: Api, length: str) -> None:
    _, said = await ask(api, "POST", ROOT, spoken(8, complete=False, Upload_Length=length), b"hello")
    assert said.status == 201
    path = said.headers["location"].removeprefix(api.url)
    assert "upload-length" not in (await stands(api, path)).headers


@pytest.mark.parametrize("said", [None, "1", "true", "?2", "?0, ?1", ""])
async def test_a_creation_must_say_whether_it_is_all(api: Api, said: str | None) -> None:
    headers = {"Upload-Draft-Interop-Version": "8"} | ({} if said is None else {"Upload-Complete": said})
    (refused,) = await ask(api, "POST", ROOT, headers, b"hello")
    assert (refused.status, refused.json["code"]) == (400, "invalid_header")
    assert "Upload-Complete" in refused.json["detail"]


async def test_an_encoded_body_is_415(api: Api) -> None:
    (said,) = await ask(api, "POST", ROOT, spoken(8, complete=True, Content_Encoding="gzip"), b"hello")
    assert (said.status, said.json["code"]) == (415, "content_encoding")


async def test_104_comes_before_the_body_and_does_not_stand_for_100(api: Api) -> None:
    headers = {"Expect": "100-continue", "Content-Length": "5", **spoken(8, complete=True)}
    async with connected(api.url) as wire:
        await wire.send(head_of(api, "POST", ROOT, headers))
        announced, asked = Said(*await wire.answer()), Said(*await wire.answer())
        assert (announced.status, asked.status) == (104, 100)
        path = announced.headers["location"].removeprefix(api.url)
        assert (await stands(api, path)).headers["upload-offset"] == "0"
        await wire.send(b"hello")
        assert (await answers(wire))[-1].status == 201


async def test_a_creation_that_is_cut_keeps_what_arrived_and_goes_on(api: Api, services: Services) -> None:
    data = bytes(range(256)) * 4000
    headers = {"Content-Length": str(len(data)), **spoken(6, complete=True)}
    async with begun(api, "POST", ROOT, headers, data[:700_000]) as wire:
        announced = Said(*await wire.answer())
        path = announced.headers["location"].removeprefix(api.url)

        async def arrived() -> bool:
            return int((await stands(api, path)).headers["upload-offset"]) == 700_000

        await until(arrived)
    there = await stands(api, path, 6)
    assert (there.headers["upload-offset"], there.headers["upload-complete"]) == ("700000", "?0")
    assert there.headers["upload-length"] == str(len(data))
    last = await append(api, path, 700_000, data[700_000:], complete=True, version=6)
    assert last.status == 201
    assert await stored(services, last) == data


async def test_a_repeated_creation_with_its_key_answers_the_same_upload(api: Api) -> None:
    headers = spoken(8, complete=True, Idempotency_Key="once")
    one, two = [(await ask(api, "POST", ROOT, headers, b"hello"))[-1] for _ in range(2)]
    assert (one.status, two.status) == (201, 201)
    for name in ("location", "evidence-location", "upload-complete", "upload-offset"):
        assert one.headers[name] == two.headers[name]
    begun_before = spoken(8, complete=False, Idempotency_Key="begun")
    for _ in range(2):
        *_, said = await ask(api, "POST", ROOT, begun_before)
        assert (said.headers["upload-complete"], said.headers["upload-offset"]) == ("?0", "0")


async def test_five_creations_with_one_key_at_once_are_one_upload(api: Api) -> None:
    headers = spoken(8, complete=False, Idempotency_Key="once")
    said = await asyncio.gather(*(ask(api, "POST", ROOT, headers) for _ in range(5)))
    assert len({one[-1].headers["location"] for one in said}) == 1


@pytest.mark.parametrize("chosen", [{"open_uploads_per_centre": 1}])
async def test_a_full_allowance_is_429_without_104(api: Api) -> None:
    await create(api, 8)
    (said,) = await ask(api, "POST", ROOT, spoken(8, complete=True), b"hello")
    assert (said.status, said.json["code"]) == (429, "too_many_uploads")
    async with api.session.post("/v1/uploads", headers={**TUS, "Upload-Length": "5"}) as answer:
        assert answer.status == 429


async def test_the_boards_side_sends_nothing(open_api: OpenApi) -> None:
    board = await open_api(None, ("assessment_specialist",))
    (said,) = await ask(board, "POST", ROOT, spoken(8, complete=True), b"hello")
    assert (said.status, said.json["code"]) == (403, "forbidden")
    nobody = await open_api(key="wrong")
    (said,) = await ask(nobody, "POST", ROOT, spoken(8, complete=True), b"hello")
    assert (said.status, said.headers["www-authenticate"]) == (401, "Bearer")
