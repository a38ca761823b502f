"""Connections that say nothing, half a thing, or nothing that is HTTP."""

import asyncio
import json

import pytest

from tests.gateway.wire import begun_patch, connected, head_of, until_offset
from tests.services.api import BYTES, Api

SHORT = [{"silent_connection_seconds": 1}]


@pytest.mark.parametrize("chosen", SHORT)
@pytest.mark.parametrize("said", [b"", b"GET /li", b"GET /livez HTTP/1.1\r\nHost: x\r\n"])
async def test_a_connection_without_complete_headers_is_cut(url: str, said: bytes) -> None:
    async with connected(url) as wire:
        began = asyncio.get_running_loop().time()
        await wire.send(said)
        assert await wire.rest(10) == b""
        assert asyncio.get_running_loop().time() - began < 8


@pytest.mark.parametrize("chosen", SHORT)
async def test_headers_that_drip_are_no_sign_of_life(url: str) -> None:
    async with connected(url) as wire:

        async def drip() -> None:
            await wire.send(b"GET /livez HTTP/1.1\r\nX-A: ")
            for _ in range(100):
                await wire.send(b"x")
                await asyncio.sleep(0.1)

        dripping = asyncio.create_task(drip())
        assert await wire.rest(5) == b""
        dripping.cancel()
        await asyncio.gather(dripping, return_exceptions=True)


@pytest.mark.parametrize("chosen", SHORT)
async def test_a_silent_body_is_told_so_and_cut_soon(api: Api) -> None:
    upload, _ = await api.create(100)
    began = asyncio.get_running_loop().time()
    async with begun_patch(api, upload, 0, b"abc", 100) as wire:
        status, headers, body = await wire.answer(10)
        assert (status, headers["content-type"]) == (408, "application/problem+json; charset=utf-8")
        assert (headers["upload-offset"], headers["connection"]) == ("3", "close")
        assert json.loads(body)["code"] == "silent"
        assert await wire.rest(5) == b""
    assert asyncio.get_running_loop().time() - began < 8
    assert await api.offset(upload) == 3


@pytest.mark.parametrize(
    "said",
    [
        b"GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        b"GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 40_000 + b"\r\n\r\n",
        b"nonsense\r\n\r\n",
    ],
)
async def test_what_is_no_http_gets_problem_details(url: str, said: bytes) -> None:
    async with connected(url) as wire:
        await wire.send(said)
        status, headers, body = await wire.answer()
        assert status == 400
        assert headers["content-type"].startswith("application/problem+json")
        assert headers["x-request-id"]
        problem = json.loads(body)
        assert problem["code"] == "bad_request"
        assert "aaaa" not in problem["detail"]
        assert await wire.rest(5) == b""


@pytest.mark.parametrize("chosen", SHORT)
@pytest.mark.parametrize("ending", [b"", b"5\r\nd", b"ZZ\r\nd"])
async def test_pieces_of_a_chunked_body_that_breaks_are_kept(api: Api, ending: bytes) -> None:
    upload, _ = await api.create(6)
    headers = {**BYTES, "Upload-Offset": "0", "Transfer-Encoding": "chunked"}
    async with connected(api.url) as wire:
        await wire.send(head_of(api, "PATCH", upload, headers) + b"3\r\nabc\r\n")
        await until_offset(api, upload, 3)
        await wire.send(ending)
    await until_offset(api, upload, 3 + ending.startswith(b"5"))


async def test_a_key_is_asked_for_before_a_body_is(url: str) -> None:
    request = (
        b"PATCH /v1/uploads/x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
        b"Content-Length: 10000000\r\nTus-Resumable: 1.0.0\r\n\r\n"
    )
    async with connected(url) as wire:
        await wire.send(request)
        assert (await wire.answer())[0] == 401


async def test_a_body_that_waits_to_be_asked_for_is_asked_for(api: Api) -> None:
    upload, _ = await api.create(3)
    headers = {**BYTES, "Upload-Offset": "0", "Content-Length": "3", "Expect": "100-continue"}
    async with connected(api.url) as wire:
        await wire.send(head_of(api, "PATCH", upload, headers))
        assert (await wire.answer())[0] == 100
        await wire.send(b"abc")
        status, told, _ = await wire.answer()
        assert (status, told["upload-offset"]) == (204, "3")
