"""Receive upload bytes: from a request's body into the store, keeping whatever arrived.

Independent of the protocol around it. What a cut connection delivered is kept: the writer makes it
durable when its context closes.
"""

import asyncio

from aiohttp import StreamReader, web_exceptions

from gateway.problems import Problem, TakenOver
from storage.uploads import UploadWriter


class ConnectionSilent(web_exceptions.HTTPRequestTimeout):
    """The sender said nothing for too long; the connection is cut, its bytes are kept."""


async def receive(
    body: StreamReader, writer: UploadWriter, *, limit: int | None, silent_seconds: float
) -> None:
    """Append the whole body to the upload.

    `limit`: the upload's announced length in bytes. A body that goes beyond it is refused with 413 and the
    bytes up to the limit are kept. Every piece is what has arrived meanwhile (at most twice the server's
    `read_bufsize`), so a fast sender is written in large pieces and a slow one without delay.
    Raises `Problem`, `ConnectionSilent`, `TakenOver`, `ConnectionError`, `StorageFull`.
    """
    while True:
        try:
            chunk = await _next_piece(body, silent_seconds)
        except (ConnectionError, TakenOver) as error:
            await _append(writer, _left_over(body, error), limit)
            raise
        if not chunk:
            return
        await _append(writer, chunk, limit)


async def _next_piece(body: StreamReader, silent_seconds: float) -> bytes:
    try:
        async with asyncio.timeout(silent_seconds):
            return await body.readany()
    except TakenOver:
        raise
    except TimeoutError as error:
        raise ConnectionSilent from error


async def _append(writer: UploadWriter, chunk: bytes, limit: int | None) -> None:
    if limit is not None and writer.offset + len(chunk) > limit:
        await writer.write([chunk[: limit - writer.offset]])
        raise Problem("body_too_long", {"length": str(limit)})
    if chunk:
        await writer.write([chunk])


def _left_over(body: StreamReader, error: Exception) -> bytes:
    """Return what had arrived when the connection broke: the reader keeps it back behind its error."""
    body.set_exception(None)  # type: ignore[arg-type] # clears it; there is no other way to the bytes
    try:
        return body.read_nowait()
    finally:
        body.set_exception(error)
