"""Receive upload bytes: from a request's body into the store, keeping whatever arrived.

Independent of the protocol around it. What a cut connection delivered is kept: the writer makes it
durable when its context closes.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from aiohttp import StreamReader

from gateway.problems import Ended, Problem, Silent


class Sink(Protocol):
    """What takes the bytes: as `storage.uploads.UploadWriter`."""

    @property
    def offset(self) -> int:
        """Bytes of the upload so far."""
        ...

    async def write(self, chunks: Sequence[bytes]) -> None:
        """Append the chunks."""
        ...


async def receive(
    body: StreamReader,
    writer: Sink,
    *,
    limit: int,
    beyond: Callable[[int], Problem],
    silent_seconds: float,
    arrived: Callable[[], Awaitable[None]],
) -> None:
    """Append the whole body to the upload; `arrived` is told of every piece.

    `limit`: the most bytes the upload may hold. A body that goes beyond it is refused with what `beyond` says
    of the size it reached; the bytes up to the limit are kept. Every piece is what has arrived meanwhile (at
    most twice the server's `read_bufsize`): a fast sender is written in large pieces, a slow one at once.
    Raises `Problem`, `Ended`, `ConnectionError`, `StorageFull`.
    """
    while True:
        try:
            chunk = await next_piece(body, silent_seconds)
        except (ConnectionError, Ended) as error:
            if rest := _left_over(body, error):
                await _append(writer, rest, limit, beyond)
                await arrived()
            raise
        if not chunk:
            return
        await _append(writer, chunk, limit, beyond)
        await arrived()


async def next_piece(body: StreamReader, silent_seconds: float) -> bytes:
    """Return what has arrived of a body, nothing at its end. Raises `ConnectionError`, `Ended`."""
    if arrived := body.read_nowait():  # a time limit for what is here already would cost as much as it does
        return arrived
    try:
        async with asyncio.timeout(silent_seconds):
            return await body.readany()
    except Ended:
        raise
    except TimeoutError as error:
        raise Silent from error


async def _append(writer: Sink, chunk: bytes, limit: int, beyond: Callable[[int], Problem]) -> None:
    reached = writer.offset + len(chunk)
    if reached > limit:
        await writer.write([chunk[: limit - writer.offset]])
        raise beyond(reached)
    await writer.write([chunk])


def _left_over(body: StreamReader, error: Exception) -> bytes:
    """Return what had arrived when the body ended early: the reader keeps it back behind its error.

    After an end of our own the reader stays usable: the server then reads on for a moment and drops what
    comes, so that the sender can read its answer.
    """
    body.set_exception(None)  # type: ignore[arg-type] # clears it; there is no other way to the bytes
    try:
        return body.read_nowait()
    finally:
        if not isinstance(error, Ended):
            body.set_exception(error)
