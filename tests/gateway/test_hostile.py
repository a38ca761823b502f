"""Bytes that no honest client sends: each gets a clean refusal or a closed connection, soon, and no more.

The server lives on, nothing outside its folder is touched, and no second request comes out of one.
"""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.wire import Wire, connected, head_of
from tests.services.api import BYTES, TUS, Api

#: A request that is never complete is cut after this.
SILENT_SECONDS = 0.5
ANSWERED_SECONDS = 5.0

IDS = [
    "..", "%2e%2e", "..%2f..%2fintake.db", "%2e%2e%2f%2e%2e%2fintake.db", "..%5c..%5cintake.db",
    "..%252f..%252fintake.db", "..;/..;/intake.db", "....//....//intake.db", "%c0%ae%c0%ae%c0%afintake.db",
    "/etc/passwd", "%2fetc%2fpasswd", "%00", "a%00b", "a%0d%0aX-Injected:%201", "%ff%fe", "*", "%", "%zz",
    ".", "~", "a" * 3000, "%e2%80%ae", "';%20DROP%20TABLE%20upload;--", "%7b%7d", "$%7bjndi:ldap:x%7d",
    "a?b=c", "a#b",
]  # fmt: skip

#: Headers of a request with a body of five bytes, none of which says clearly how long it is.
FRAMINGS = [
    "Content-Length: 5\r\nContent-Length: 6",
    "Content-Length: 5\r\nContent-Length: 5",
    "Content-Length: 5, 6",
    "Content-Length: +5",
    "Content-Length: -5",
    "Content-Length: 0x5",
    "Content-Length: 5 5",
    "Content-Length:",
    "Content-Length: 99999999999999999999999999",
    "Content-Length: 5\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nContent-Length: 5",
    "Transfer-Encoding: chunked, identity",
    "Transfer-Encoding: xchunked",
    "Transfer-Encoding: gzip",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    "Transfer-Encoding : chunked",
    "Transfer-Encoding: \x0bchunked",
    "Content-Length: 5\r\n Transfer-Encoding: chunked",
]

CHUNKS = [
    b"G\r\nhello\r\n0\r\n\r\n", b"-5\r\nhello\r\n0\r\n\r\n", b"+5\r\nhello\r\n0\r\n\r\n",
    b"0x5\r\nhello\r\n0\r\n\r\n", b" 5\r\nhello\r\n0\r\n\r\n", b"5\r\nhelloworld\r\n0\r\n\r\n",
    b"FFFFFFFFFFFFFFFFFF\r\nhello", b"5\rhello\r\n0\r\n\r\n", b"\r\n\r\n", b"5;" + b"a" * 100_000 + b"\r\n",
]  # fmt: skip

OPENINGS = [
    b"GET /livez\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
    b"GET /livez HTTP/2.0\r\n\r\n",
    b"GET /livez HTTP/9.9\r\n\r\n",
    b"GET /livez HTTP/1.1.1\r\n\r\n",
    b"GET  /livez  HTTP/1.1\r\n\r\n",
    b"GET /livez\xff\xfe HTTP/1.1\x00\r\n\r\n",
    b"get /livez HTTP/1.1\r\nHost: a\r\n\r\n",
    b"A" * 100_000 + b" /livez HTTP/1.1\r\n\r\n",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GE\x00T /livez HTTP/1.1\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
    b"\x00" * 1000,
    b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nHost: a\r\n: a\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nHost: a\r\n\x00X: a\r\n\r\n",
]


@pytest.fixture
def chosen() -> dict[str, Any]:
    return {"silent_connection_seconds": SILENT_SECONDS}


@pytest.fixture(autouse=True)
async def alive_and_within_its_folder(url: str, tmp_path: Path) -> AsyncIterator[None]:
    around = sorted(tmp_path.parent.iterdir())
    yield
    async with connected(url) as wire:
        await wire.send(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await wire.answer())[0] == 200
    assert sorted(tmp_path.parent.iterdir()) == around


async def refused(wire: Wire) -> None:
    """Read to the end: at most one answer, which is a refusal of the client's."""
    told = await wire.rest(ANSWERED_SECONDS)
    assert len(re.findall(rb"HTTP/\d\.\d \d\d\d ", told)) <= 1, told
    if told:
        assert re.match(rb"HTTP/\d\.\d 4\d\d ", told), told
        assert b"X-Injected" not in told


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE"])
async def test_an_id_is_never_a_path(api: Api, method: str) -> None:
    for upload_id in IDS:
        async with connected(api.url) as wire:
            headers = {**BYTES, "Upload-Offset": "0", "Content-Length": "0"}
            await wire.send(head_of(api, method, f"/v1/uploads/{upload_id}", headers))
            status = int((await wire.reader.readline()).split()[1])
            assert status in {400, 404}, upload_id
            assert b"X-Injected" not in await wire.reader.readuntil(b"\r\n\r\n")


@pytest.mark.parametrize("path", ["/v1/evidence/{}", "/v1/evidence/{}/original", "/v1/evidence/{}/events"])
async def test_evidence_is_never_a_path(api: Api, path: str) -> None:
    for evidence_id in IDS:
        async with connected(api.url) as wire:
            await wire.send(head_of(api, "GET", path.format(evidence_id), {}))
            status, headers, body = await wire.answer(ANSWERED_SECONDS)
            assert status in {400, 404}, (evidence_id, body)
            assert "x-injected" not in headers


async def test_an_id_that_is_no_text_is_refused(api: Api) -> None:
    for raw in (b"\xff\xfe", b"\xc0\xae", b"\x80", b"a\x7fb"):
        async with connected(api.url) as wire:
            head = head_of(api, "HEAD", "/v1/uploads/HERE", {**TUS, "Connection": "close"})
            await wire.send(head.replace(b"HERE", raw))
            await refused(wire)


@pytest.mark.parametrize("framing", FRAMINGS)
async def test_a_body_of_doubtful_length_smuggles_nothing(api: Api, framing: str) -> None:
    upload, _ = await api.create(50)
    async with connected(api.url) as wire:
        head = head_of(api, "PATCH", upload, {**BYTES, "Upload-Offset": "0", "Framing": "here"})
        smuggled = head_of(api, "DELETE", upload, TUS)
        await wire.send(head.replace(b"Framing: here", framing.encode()) + b"hello" + smuggled)
        await refused(wire)
    assert await api.offset(upload) <= 5


@pytest.mark.parametrize("chunks", CHUNKS)
async def test_a_chunk_that_is_none_ends_the_request(api: Api, chunks: bytes) -> None:
    upload, _ = await api.create(50)
    async with connected(api.url) as wire:
        headers = {**BYTES, "Upload-Offset": "0", "Transfer-Encoding": "chunked"}
        await wire.send(head_of(api, "PATCH", upload, headers) + chunks)
        await refused(wire)
    assert await api.offset(upload) <= 5


@pytest.mark.parametrize("opening", OPENINGS)
async def test_what_is_no_request_of_ours_is_refused(url: str, opening: bytes) -> None:
    async with connected(url) as wire:
        await wire.send(opening)
        await refused(wire)


async def test_a_crowd_of_headers_is_refused(api: Api) -> None:
    crowd = {f"X-{number}": "a" * 50 for number in range(20_000)}
    async with connected(api.url) as wire:
        await wire.send(head_of(api, "GET", "/v1/evidence", {**crowd, "Connection": "close"}))
        await refused(wire)


async def test_another_hosts_address_in_the_request_line_is_not_where_an_upload_is(api: Api) -> None:
    headers = {**TUS, "Upload-Length": "5", "Content-Length": "0"}
    async with connected(api.url) as wire:
        await wire.send(head_of(api, "POST", "http://evil.example/v1/uploads", headers))
        status, told, _ = await wire.answer(ANSWERED_SECONDS)
    assert status == 201
    assert told["location"].startswith(f"{api.url}/v1/uploads/")


async def test_an_old_client_without_a_host_is_answered(url: str) -> None:
    async with connected(url) as wire:
        await wire.send(b"GET /livez HTTP/1.0\r\n\r\n")
        assert (await wire.rest()).startswith(b"HTTP/1.0 200 ")


@pytest.mark.parametrize("seen", ["x", "0", "-1", "9" * 5000, "1e3", "%00", "\u0661", "MTIz=", "a b"])
async def test_a_stream_does_not_begin_after_an_event_that_never_was(api: Api, seen: str) -> None:
    _, evidence = await api.create(5)
    for path in (f"{evidence}/events", "/v1/events"):
        async with connected(api.url) as wire:
            await wire.send(head_of(api, "GET", path, {"Last-Event-ID": seen}))
            assert (await wire.answer(ANSWERED_SECONDS))[0] == 400


async def test_an_expectation_that_nobody_knows_is_passed_over(api: Api) -> None:
    async with connected(api.url) as wire:
        await wire.send(head_of(api, "GET", "/v1/evidence", {"Expect": "200-miracles"}))
        assert (await wire.answer())[0] == 200


async def test_no_answer_names_what_the_server_is_made_of(api: Api) -> None:
    for said in (
        head_of(api, "GET", "/v1/evidence", {}),
        b"GET /nowhere HTTP/1.1\r\n\r\n",
        b"nonsense\r\n\r\n",
    ):
        async with connected(api.url) as wire:
            await wire.send(said)
            assert (await wire.answer())[1]["server"] == "Evidence-Intake"
