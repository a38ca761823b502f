"""PATCH: append bytes to an upload (tus 1.0.0, Core protocol)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from aiohttp import web

from gateway.keys import HOLDERS, SERVICES
from gateway.problems import Problem
from gateway.tus.completion import complete, durable_offset
from gateway.tus.headers import require_number, require_offset_type, require_version
from gateway.tus.lookup import find_upload, upload_headers
from gateway.tus.receiving import receive
from storage.errors import WriterFenced
from storage.upload import Upload, UploadState

#: The expiry moves in steps of this many seconds, so that not every chunk writes the record.
_EXPIRY_STEP_SECONDS = 3600


async def append(request: web.Request) -> web.Response:
    """Append the body at `Upload-Offset` and answer with the new, durable offset."""
    require_version(request)
    upload = await find_upload(request)
    require_offset_type(request)
    provided = require_number(request.headers, "Upload-Offset")
    if upload.state is UploadState.FINISHED:
        return _repeated(request, upload, provided)
    if is_overlong(request, upload, provided):
        expected = await durable_offset(request.app[SERVICES], upload)
        raise body_too_long(upload) if provided == expected else offset_mismatch(expected, provided)
    return await append_body(request, upload, provided, status=204)


async def append_body(request: web.Request, upload: Upload, provided: int, *, status: int) -> web.Response:
    """Receive the request's body into the upload at the offset provided; finish it with its last byte.

    Raises `Problem` (409 with the right `Upload-Offset`), `UploadBusy`, `WriterFenced`, `StorageFull`.
    """
    services = request.app[SERVICES]
    async with request.app[HOLDERS].hold(upload, request.content) as (held, writer):
        if writer.offset != provided:
            raise offset_mismatch(writer.offset, provided)
        await receive(
            request.content,
            writer,
            limit=held.length_bytes,
            silent_seconds=services.settings.silent_connection_seconds,
        )
        offset = await writer.sync()
    latest = await services.uploads.load(upload.id, None)
    if latest.epoch != held.epoch:
        raise WriterFenced(upload.id)
    if offset == held.length_bytes:
        await complete(services, held)
    else:
        latest = await _keep_alive(request, latest)
    headers = {**upload_headers(latest), "Upload-Offset": str(offset)}
    return web.Response(status=status, headers=headers)


def is_overlong(request: web.Request, upload: Upload, provided: int) -> bool:
    """Tell, before a byte is read, whether the announced body goes beyond the upload's length."""
    return upload.length_bytes is not None and provided + (request.content_length or 0) > upload.length_bytes


def body_too_long(upload: Upload) -> Problem:
    """Return the 413 for more bytes than were announced."""
    return Problem("body_too_long", {"length": str(upload.length_bytes)})


def offset_mismatch(expected: int, provided: int) -> Problem:
    """Return the 409 that says where the upload stands."""
    detail = {"expected": str(expected), "provided": str(provided)}
    return Problem("offset_mismatch", detail, headers={"Upload-Offset": str(expected)})


def _repeated(request: web.Request, upload: Upload, provided: int) -> web.Response:
    """Answer a repetition of the last request: the same answer when it brings nothing new."""
    length = upload.length_bytes or 0
    if provided > length:
        raise offset_mismatch(length, provided)
    if provided == length and not request.can_read_body:
        return web.Response(status=204, headers={**upload_headers(upload), "Upload-Offset": str(length)})
    raise offset_mismatch(length, provided)


async def _keep_alive(request: web.Request, upload: Upload) -> Upload:
    """Move the upload's expiry: it counts from the last byte."""
    services = request.app[SERVICES]
    expires_at = datetime.now(UTC) + timedelta(seconds=services.settings.upload_lifetime_seconds)
    if (expires_at - upload.expires_at).total_seconds() < _EXPIRY_STEP_SECONDS:
        return upload
    await services.uploads.touch(upload.id, expires_at)
    return replace(upload, expires_at=expires_at)
