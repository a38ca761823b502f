"""PATCH: append bytes to an upload (tus 1.0.0, Core protocol)."""

from functools import partial

from aiohttp import web

from gateway.keys import SERVICES
from gateway.problems import Problem
from gateway.services import Services
from gateway.tus.checksum import parse_checksum
from gateway.tus.headers import parse_number, require_number, require_upload_bytes, require_version
from gateway.uploads.appending import Offer, Taken, append_body, require_fitting
from gateway.uploads.lookup import find_upload, upload_headers
from gateway.uploads.receipt import receipt
from gateway.uploads.repeated import append_once


async def append(request: web.Request) -> web.Response:
    """Append the body at `Upload-Offset` and answer with the new, durable offset."""
    require_version(request)
    upload = await find_upload(request)
    if upload.parts:
        raise Problem("whole_takes_no_bytes")
    require_upload_bytes(request)
    offer = Offer(
        require_number(request.headers, "Upload-Offset"),
        parse_number(request.headers, "Upload-Length"),
        checksum=parse_checksum(request.headers),
    )
    await require_fitting(request, upload, offer)
    taken = await append_once(request, upload, offer, partial(append_body, request, offer=offer))
    return await answer(request.app[SERVICES], taken, status=204)


async def answer(services: Services, taken: Taken, *, status: int) -> web.Response:
    """Say where an upload stands after bytes were taken."""
    if taken.is_whole:
        return await receipt(services, taken.upload, status=status)
    headers = {**upload_headers(taken.upload), "Upload-Offset": str(taken.offset)}
    return web.Response(status=status, headers=headers)
