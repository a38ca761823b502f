"""The last bytes of an upload sent again: the answer is the same, if they are the same.

A client repeats its last PATCH when the answer was lost, or a proxy does so at once while the first one is
still being received. Then nothing is written twice: the repetition waits for the first, reads its own body
and compares it with what is stored.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing

from aiohttp import StreamReader, web

from gateway.expecting import ask_for_body
from gateway.keys import PRINCIPAL, SENDERS, SERVICES
from gateway.problems import Problem, already_complete, offset_mismatch
from gateway.services import Services
from gateway.uploads.appending import Offer, Taken
from gateway.uploads.conflicts import telling_offset
from gateway.uploads.holding import Refused
from gateway.uploads.lengths import agreed_length
from gateway.uploads.lookup import find_upload
from gateway.uploads.offset import settled_offset
from gateway.uploads.pace import Pace
from gateway.uploads.receiving import next_piece
from storage.evidence import original_key
from storage.upload import Upload, UploadState

#: How long a repetition waits for the first at most; it looks this often.
_PATIENCE_SECONDS = 30.0
_LOOK_SECONDS = 0.1

_Append = Callable[[Upload], Awaitable[Taken]]
NextPiece = Callable[[], Awaitable[bytes]]


async def append_once(request: web.Request, upload: Upload, offer: Offer, append: _Append) -> Taken:
    """Append the body, or find that it is stored already, by another request of the same bytes.

    Raises `Problem` (409) when it is not, and as `append`.
    """
    until = time.monotonic() + _PATIENCE_SECONDS
    while upload.state is not UploadState.FINISHED:
        try:
            return await append(upload)
        except Refused as refused:
            length = agreed_length(upload, offer.length_bytes)
            if time.monotonic() > until or not is_repetition(request.content_length, length, refused):
                raise
            whole = refused.offset == length
            if whole and upload.evidence_id is None:
                break  # a part never ends; its bytes stay where they are
            upload = await _look_again(request, whole=whole)
            if upload.length_bytes is None and not refused.sending:
                raise  # all that came, and nobody said that it is all
    return await _compared(request, upload, offer.first)


def is_repetition(body_bytes: int | None, length: int | None, refused: Refused) -> bool:
    """Tell whether a refused body may be what another one sends, or sent, as the upload's last bytes."""
    ends_it = refused.provided + (body_bytes or 0) == length
    begun = refused.sending or refused.offset == length
    return ends_it and begun and refused.provided <= refused.offset


async def _look_again(request: web.Request, *, whole: bool) -> Upload:
    """Wait a little and return the upload as it is then. Raises `ConnectionError` when the client is gone."""
    await asyncio.sleep(_LOOK_SECONDS)
    if request.transport is None or request.transport.is_closing():
        raise ConnectionResetError
    upload = await find_upload(request)
    if whole and upload.state is UploadState.OPEN:
        await settled_offset(request, upload)  # whoever was to finish it may have died
        return await find_upload(request)
    return upload


async def _compared(request: web.Request, upload: Upload, provided: int) -> Taken:
    """Answer as the first time if the body is what the finished upload ends with; raises `Problem` (409)."""
    services = request.app[SERVICES]
    length = upload.length_bytes or 0
    if provided > length or request.content_length not in {None, length - provided}:
        raise _other_bytes(length, provided)
    async with (
        telling_offset(services, upload, provided),
        aclosing(_stored(services, upload, provided)) as stored,
    ):
        with request.app[SENDERS].receiving(request[PRINCIPAL].id, request.content):
            await ask_for_body(request)
            if not await is_same(_paced(services, request.content), stored):
                raise _other_bytes(length, provided)
    return Taken(upload, length, is_whole=True)


def _other_bytes(length: int, provided: int) -> Problem:
    """Return the 409 for what the finished upload does not end with."""
    if provided == length:
        return already_complete(length)
    return offset_mismatch(length, provided)


def _stored(services: Services, upload: Upload, first: int) -> AsyncGenerator[bytes, None]:
    """Return a finished upload's bytes from `first` on; those of a part stay where they were received."""
    if upload.evidence_id is None:
        return services.store.read(upload.ref, first)
    return services.blobs.read(original_key(upload.evidence_id), first)


def _paced(services: Services, body: StreamReader) -> NextPiece:
    """Return what reads the body's next piece, as slowly as one may send."""
    silent_seconds = services.settings.silent_connection_seconds
    pace = Pace(body, services.settings.minimum_rate_bytes_per_second, silent_seconds)

    async def read() -> bytes:
        if piece := await next_piece(body, silent_seconds):
            pace.check()
        return piece

    return read


async def is_same(read: NextPiece, stored: AsyncIterator[bytes]) -> bool:
    """Tell whether a body's bytes are those that are stored; it is read no further than needed.

    `read` gives its next piece, nothing at its end.
    """
    arrived = b""
    async for piece in stored:
        at = 0
        while rest := len(piece) - at:
            arrived = arrived or await read()
            chunk, arrived = arrived[:rest], arrived[rest:]
            if not chunk or not piece.startswith(chunk, at):
                return False
            at += len(chunk)
    return not arrived and not await read()
