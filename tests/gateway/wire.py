"""Bytes on a connection of one's own, for what no HTTP client would send."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.services.api import BYTES, Api, until


class Wire:
    """One connection to a gateway."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, seconds: float = 10) -> tuple[int, dict[str, str], bytes]:
        """Read one answer: status, headers with their names in lower case, body."""
        async with asyncio.timeout(seconds):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:-2])
            }
            body = await self.reader.readexactly(int(headers.get("content-length", "0")))
            return int(head[0].split()[1]), headers, body

    async def rest(self, seconds: float = 10) -> bytes:
        """Read until the server closes the connection."""
        async with asyncio.timeout(seconds):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Wire]:
    """Connect; cut the connection when the context closes."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield Wire(reader, writer)
    finally:
        writer.transport.abort()


def head_of(api: Api, method: str, path: str, headers: Mapping[str, str]) -> bytes:
    """The head of a request with the client's key."""
    sent = {
        "Host": api.url.removeprefix("http://"),
        "Authorization": api.session.headers["Authorization"],
        **headers,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode()


@asynccontextmanager
async def begun_patch(api: Api, upload: str, offset: int, data: bytes, announced: int) -> AsyncIterator[Wire]:
    """Send `data` of a longer body and keep the connection open."""
    headers = {**BYTES, "Upload-Offset": str(offset), "Content-Length": str(announced)}
    async with connected(api.url) as wire:
        await wire.send(head_of(api, "PATCH", upload, headers) + data)
        yield wire


async def until_offset(api: Api, upload: str, offset: int) -> None:
    async def reached() -> bool:
        return await api.offset(upload) >= offset

    await until(reached)


async def until_kept(folder: Path, sizes: Sequence[int]) -> None:
    """Wait until the disk of a deployment has unfinished segments of these sizes, without asking for any.

    A HEAD of its upload could end a sender that has waited for the others.
    """

    async def are_kept() -> bool:
        found = [file.stat().st_size for file in (folder / "store").rglob("*.segment")]
        return sorted(found) == sorted(sizes)

    await until(are_kept)
