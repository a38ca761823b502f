"""PATCH: append bytes to an upload (tus 1.0.0, Core protocol)."""

from dataclasses import replace
from functools import partial

from aiohttp import web

from gateway.expecting import ask_for_body
from gateway.keys import HASHING, HOLDERS, PRINCIPAL, SENDERS, SERVICES
from gateway.problems import Problem, offset_mismatch
from gateway.tus.checksum import checked, parse_checksum
from gateway.tus.headers import require_number, require_upload_bytes, require_version
from gateway.tus.lengths import announced_length, below_offset, beyond, limit_bytes, settle_length
from gateway.uploads.completion import complete, durable_offset
from gateway.uploads.conflicts import telling_offset
from gateway.uploads.lookup import find_upload, require_present, upload_headers
from gateway.uploads.receipt import receipt
from gateway.uploads.receiving import receive
from gateway.uploads.repeated import append_once
from gateway.uploads.watching import watching
from storage.errors import WriterFenced
from storage.upload import Upload


async def append(request: web.Request) -> web.Response:
    """Append the body at `Upload-Offset` and answer with the new, durable offset."""
    require_version(request)
    upload = await find_upload(request)
    if upload.parts:
        raise Problem("whole_takes_no_bytes")
    require_upload_bytes(request)
    provided = require_number(request.headers, "Upload-Offset")
    foreseen = replace(upload, length_bytes=announced_length(request, upload))
    if is_overlong(request, foreseen, provided):
        expected = await durable_offset(request.app[SERVICES], upload)
        if provided != expected:
            raise offset_mismatch(expected, provided)
        raise body_too_long(request, foreseen, provided)
    send = partial(append_body, request, provided=provided, status=204)
    return await append_once(request, upload, provided, send)


async def append_body(request: web.Request, upload: Upload, provided: int, *, status: int) -> web.Response:
    """Receive the request's body into the upload at the offset provided; finish it with its last byte.

    Raises `Problem` (401, 408, 409, 460 and 503 with the right `Upload-Offset`; 507), `StorageFull`, and
    `NotFound` or `Problem` (410) when the upload was cancelled or expired meanwhile.
    """
    services = request.app[SERVICES]
    await services.space.require(request.content_length or 0)
    async with telling_offset(services, upload, provided):
        with request.app[SENDERS].receiving(request[PRINCIPAL].id, request.content):
            held, offset = await _received(request, upload, provided)
        latest = require_present(await services.uploads.load(upload.id, None))
        if latest.epoch != held.epoch:
            raise WriterFenced(upload.id)
        if offset == held.length_bytes:
            digest = partial(request.app[HASHING].finish, held)
            await complete(services, held, request[PRINCIPAL].id, digest)
            return await receipt(services, held, status=status)
    headers = {**upload_headers(latest), "Upload-Offset": str(offset)}
    return web.Response(status=status, headers=headers)


async def _received(request: web.Request, upload: Upload, provided: int) -> tuple[Upload, int]:
    """Write the body; return the record at the writer's epoch and the offset that is durable now."""
    services = request.app[SERVICES]
    checksum = parse_checksum(request.headers)
    async with request.app[HOLDERS].hold(upload, request.content, provided) as (record, writer):
        held = await settle_length(request, record, writer.offset)
        watch = watching(services, held, request.content)

        async def arrived() -> None:
            await watch()
            await request.app[HASHING].advance(held, writer.counted)

        await ask_for_body(request)
        async with checked(writer, checksum) as sink:
            await receive(
                request.content,
                sink,
                limit=limit_bytes(held),
                beyond=partial(beyond, held),
                silent_seconds=services.settings.silent_connection_seconds,
                arrived=arrived,
            )
        return held, await writer.sync()


def is_overlong(request: web.Request, upload: Upload, provided: int) -> bool:
    """Tell, before a byte is read, whether the announced body goes beyond what the upload may hold."""
    return provided + (request.content_length or 0) > limit_bytes(upload)


def body_too_long(request: web.Request, upload: Upload, provided: int) -> Problem:
    """Return the refusal of more bytes than were announced, or than can be accepted."""
    if limit_bytes(upload) < provided:
        return below_offset(limit_bytes(upload), provided)
    return beyond(upload, provided + (request.content_length or 0))
