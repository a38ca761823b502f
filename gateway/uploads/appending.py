"""The bytes that a request brings: received into an upload, which ends with its last byte."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial

from aiohttp import web

from gateway.expecting import ask_for_body
from gateway.keys import HOLDERS, PRINCIPAL, SENDERS, SERVICES
from gateway.problems import Problem, offset_mismatch
from gateway.uploads.checksum import Checksum, checked
from gateway.uploads.completion import complete, durable_offset
from gateway.uploads.conflicts import telling_offset
from gateway.uploads.lengths import (
    agreed_length,
    below_offset,
    beyond,
    length_changed,
    limit_bytes,
    settle_length,
)
from gateway.uploads.lookup import require_present
from gateway.uploads.receiving import receive
from gateway.uploads.watching import watching
from storage.errors import WriterFenced
from storage.upload import Upload
from storage.uploads import UploadWriter


@dataclass(frozen=True, slots=True)
class Offer:
    """What a request says of the bytes it brings."""

    #: The offset where they belong.
    first: int
    #: Length of the whole upload in bytes, if it says that.
    length_bytes: int | None = None
    #: The upload ends with them, however many they are.
    is_last: bool = False
    checksum: Checksum | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """An upload after a request's bytes."""

    upload: Upload
    #: Its durable bytes.
    offset: int
    #: Whether that is all of it.
    is_whole: bool


#: Told of every piece that was written.
Tell = Callable[[Upload, UploadWriter], Awaitable[None]]


async def nobody(_: Upload, __: UploadWriter) -> None:
    """Tell nobody how far the body is."""


async def require_fitting(request: web.Request, upload: Upload, offer: Offer) -> None:
    """Raise `Problem` before a byte is read of a body that cannot be what the upload goes on with.

    409 when it does not belong where the upload stands; 400 for another length than was announced before,
    413 for more than the upload may hold.
    """
    misfit = _misfit(upload, offer, offer.first + (request.content_length or 0))
    if misfit:
        expected = await durable_offset(request.app[SERVICES], upload)
        raise misfit if offer.first == expected else offset_mismatch(expected, offer.first)


def _misfit(upload: Upload, offer: Offer, reached: int) -> Problem | None:
    """Return the refusal of a body that reaches so far, `None` for one that fits."""
    if offer.length_bytes is not None and upload.length_bytes not in {None, offer.length_bytes}:
        return length_changed(upload)
    foreseen = replace(upload, length_bytes=agreed_length(upload, offer.length_bytes))
    limit = limit_bytes(foreseen)
    if reached <= limit:
        return None
    return below_offset(limit, offer.first) if limit < offer.first else beyond(foreseen, reached)


async def append_body(request: web.Request, upload: Upload, offer: Offer, tell: Tell = nobody) -> Taken:
    """Receive the request's body into the upload where it is offered; finish it with its last byte.

    Raises `Problem` (401, 408, 409, 460, 503 and 507 with the right `Upload-Offset`; 400, 413; 410 when the
    upload was cancelled or expired meanwhile).
    """
    services = request.app[SERVICES]
    async with telling_offset(services, upload, offer.first):
        await services.space.require(request.content_length or 0)
        with request.app[SENDERS].receiving(request[PRINCIPAL].id, request.content):
            held, offset = await _received(request, upload, offer, tell)
        latest = require_present(await services.uploads.load(upload.id, None))
        if latest.epoch != held.epoch:
            raise WriterFenced(upload.id)
        if offset == held.length_bytes:
            await complete(services, held, request[PRINCIPAL].id, read=True)
            return Taken(held, offset, is_whole=True)
    return Taken(latest, offset, is_whole=False)


async def _received(request: web.Request, upload: Upload, offer: Offer, tell: Tell) -> tuple[Upload, int]:
    """Write the body; return the record at the writer's epoch and the offset that is durable now."""
    services, actor = request.app[SERVICES], request[PRINCIPAL].id
    async with request.app[HOLDERS].hold(upload, request.content, offer.first) as (record, writer):
        held = await settle_length(services, actor, record, writer.offset, offer.length_bytes)
        watch = watching(services, held, request.content, writer)

        async def arrived() -> None:
            await watch()
            await services.hashing.advance(held, writer.counted)
            await tell(held, writer)

        await ask_for_body(request)
        async with checked(writer, offer.checksum) as sink:
            await receive(
                request.content,
                sink,
                limit=limit_bytes(held),
                beyond=partial(beyond, held),
                silent_seconds=services.settings.silent_connection_seconds,
                arrived=arrived,
            )
        offset = await writer.sync()
        if offer.is_last:
            held = await settle_length(services, actor, held, offset, offset)
        return held, offset
