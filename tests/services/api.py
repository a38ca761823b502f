"""A small client of the public API, for tests."""

import asyncio
import base64
import io
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self

import aiohttp

TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {**TUS, "Content-Type": "application/offset+octet-stream"}
ENDS = frozenset({"ready", "infected", "rejected", "held", "failed", "expired", "withdrawn"})

Json = dict[str, Any]


def metadata(**values: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    """Ask until the answer is yes; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        await asyncio.sleep(0.01)


class Api:
    """The API as one principal sees it."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self.session = aiohttp.ClientSession(url, headers={"Authorization": f"Bearer {key}"} if key else {})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.session.close()

    async def create(self, length: int, filename: str | None = None, **headers: str) -> tuple[str, str]:
        """Begin an upload; return the paths of upload and evidence."""
        named = {"Upload-Metadata": metadata(filename=filename)} if filename else {}
        sent = {**TUS, "Upload-Length": str(length), **named, **headers}
        async with self.session.post("/v1/uploads", headers=sent) as answer:
            assert answer.status == 201, (answer.status, await answer.text())
            return answer.headers["Location"].removeprefix(self.url), answer.headers["Evidence-Location"]

    async def patch(
        self, upload: str, offset: int, data: bytes | AsyncIterator[bytes], **more: str
    ) -> aiohttp.ClientResponse:
        headers = {**BYTES, "Upload-Offset": str(offset), **more}
        body = io.BytesIO(data) if isinstance(data, bytes) else data
        async with self.session.patch(upload, data=body, headers=headers) as answer:
            await answer.read()
            return answer

    async def head(self, upload: str) -> aiohttp.ClientResponse:
        async with self.session.head(upload, headers=TUS) as answer:
            return answer

    async def offset(self, upload: str) -> int:
        answer = await self.head(upload)
        assert answer.status == 200
        return int(answer.headers["Upload-Offset"])

    async def send(self, data: bytes, filename: str | None = None) -> str:
        """Upload everything in one request; return the evidence's path."""
        upload, evidence = await self.create(len(data), filename)
        if data:
            assert (await self.patch(upload, 0, data)).status == 204
        return evidence

    async def evidence(self, path: str) -> Json:
        async with self.session.get(path) as answer:
            assert answer.status == 200, (answer.status, await answer.text())
            found: Json = await answer.json()
            return found

    async def wait(self, path: str, states: Collection[str] = ENDS, seconds: float = 60) -> Json:
        """Poll until the evidence is in one of the states; fail after `seconds`."""
        return await self.wait_for(path, lambda evidence: evidence["state"] in states, seconds)

    async def wait_for(self, path: str, wanted: Callable[[Json], bool], seconds: float = 60) -> Json:
        deadline = time.monotonic() + seconds
        while True:
            evidence = await self.evidence(path)
            if wanted(evidence):
                return evidence
            assert time.monotonic() < deadline, f"not within {seconds} s: {evidence}"
            await asyncio.sleep(0.05)

    async def download(self, path: str, **headers: str) -> tuple[int, bytes, Mapping[str, str]]:
        async with self.session.get(path, headers=headers) as answer:
            return answer.status, await answer.read(), answer.headers


@asynccontextmanager
async def cut_connection(
    api: Api, upload: str, offset: int, data: bytes, announced: int
) -> AsyncIterator[None]:
    """Send `data` of a longer body over a connection of its own; cut it when the context closes."""
    host, port = api.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    headers = {
        **BYTES,
        **{name: value for name, value in api.session.headers.items() if name == "Authorization"},
        "Host": f"{host}:{port}",
        "Upload-Offset": str(offset),
        "Content-Length": str(announced),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"PATCH {upload} HTTP/1.1\r\n{lines}\r\n".encode() + data)
    await writer.drain()
    try:
        yield
    finally:
        writer.transport.abort()
