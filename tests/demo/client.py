"""A small client of the public API: tus uploads, evidence, downloads; it knows nothing else."""

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import aiohttp

CHUNK_BYTES = 4 << 20
PIECE_BYTES = 64 << 10
_TUS = {"Tus-Resumable": "1.0.0"}
_LIMIT = aiohttp.ClientTimeout(total=120, connect=10)


class RefusedError(Exception):
    """The service answered with another status than the one asked for."""

    def __init__(self, answer: aiohttp.ClientResponse, body: str) -> None:
        super().__init__(f"{answer.method} {answer.url} answered {answer.status}: {body}")


class _CutError(Exception):
    """Ends a request in the middle of its body, as a lost network does."""


class Client:
    """Speaks to the service at `url` with one key."""

    def __init__(self, session: aiohttp.ClientSession, url: str, key: str) -> None:
        self._session = session
        self._url = url
        self._key = {"Authorization": f"Bearer {key}"}

    def address(self, path: str) -> str:
        """Return the full URL of a path that the service named."""
        return urljoin(self._url, path)

    async def create(self, name: str, size_bytes: int) -> tuple[str, str]:
        """Create an upload; return its URL and that of its evidence."""
        metadata = f"filename {base64.b64encode(name.encode()).decode()}"
        headers = {**self._key, **_TUS, "Upload-Length": str(size_bytes), "Upload-Metadata": metadata}
        async with self._session.post(self.address("/v1/uploads"), headers=headers, timeout=_LIMIT) as answer:
            await _expect(answer, 201)
            return self.address(answer.headers["Location"]), self.address(answer.headers["Evidence-Location"])

    async def offset(self, upload: str) -> int:
        """Return how many bytes the service holds."""
        async with self._session.head(upload, headers={**self._key, **_TUS}, timeout=_LIMIT) as answer:
            await _expect(answer, 200)
            return int(answer.headers["Upload-Offset"])

    async def send(self, upload: str, file: Path, offset: int) -> int:
        """Send one chunk of the file from `offset`; return the new offset."""
        length = min(CHUNK_BYTES, size_of(file) - offset)
        async with self._patch(upload, offset, length, _pieces(file, offset, length)) as answer:
            await _expect(answer, 204)
            return int(answer.headers["Upload-Offset"])

    async def send_and_lose(self, upload: str, file: Path, offset: int, cut_bytes: int) -> None:
        """Promise the rest of the file, send `cut_bytes` of it, and drop the connection."""
        length = size_of(file) - offset
        try:
            async with self._patch(upload, offset, length, _pieces(file, offset, cut_bytes, lose=True)):
                raise AssertionError("the request was answered although its body was cut off")
        except (_CutError, aiohttp.ClientConnectionError):
            return

    def _patch(self, upload: str, offset: int, length: int, body: AsyncIterator[bytes]) -> Any:
        headers = {
            **self._key, **_TUS, "Upload-Offset": str(offset), "Content-Length": str(length),
            "Content-Type": "application/offset+octet-stream",
        }  # fmt: skip
        return self._session.patch(upload, headers=headers, data=body, timeout=_LIMIT)

    async def evidence(self, url: str) -> dict[str, Any]:
        """Return what the service says of the evidence."""
        async with self._session.get(url, headers=self._key, timeout=_LIMIT) as answer:
            await _expect(answer, 200)
            return dict(await answer.json())

    async def download(self, path: str, target: Path) -> Path:
        """Write what lies at `path` to `target`."""
        target.parent.mkdir(parents=True, exist_ok=True)
        async with self._session.get(self.address(path), headers=self._key, timeout=_LIMIT) as answer:
            await _expect(answer, 200)
            with target.open("wb") as file:
                async for piece in answer.content.iter_chunked(PIECE_BYTES):
                    file.write(piece)
        return target

    async def status_of(self, path: str) -> int:
        """Return the status that a GET of `path` gets."""
        async with self._session.get(self.address(path), headers=self._key, timeout=_LIMIT) as answer:
            return answer.status


def size_of(file: Path) -> int:
    """Return the file's size in bytes."""
    return file.stat().st_size


async def _pieces(file: Path, offset: int, length: int, *, lose: bool = False) -> AsyncIterator[bytes]:
    with file.open("rb") as source:
        source.seek(offset)
        while length:
            piece = source.read(min(PIECE_BYTES, length))
            length -= len(piece)
            yield piece
    if lose:
        await asyncio.sleep(0.2)  # lets the last piece leave before the line goes dead
        raise _CutError


async def _expect(answer: aiohttp.ClientResponse, status: int) -> None:
    if answer.status != status:
        raise RefusedError(answer, await answer.text())
