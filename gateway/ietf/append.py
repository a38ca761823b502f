"""PATCH: append to an upload (section Upload Append)."""

from functools import partial

from aiohttp import web

from gateway.ietf.dialects import Dialect
from gateway.ietf.fields import find_integer
from gateway.ietf.limits import limits_of
from gateway.ietf.lookup import find
from gateway.ietf.offers import parse_offer
from gateway.ietf.protocol import PARTIAL_TYPE
from gateway.ietf.refusals import in_dialect
from gateway.ietf.taking import answer, teller
from gateway.keys import SERVICES
from gateway.problems import Problem, already_complete
from gateway.uploads.appending import append_body, require_fitting
from gateway.uploads.conflicts import telling
from gateway.uploads.repeated import append_once
from storage.upload import UploadState


@in_dialect
async def append(request: web.Request, dialect: Dialect) -> web.Response:
    """Append the body at `Upload-Offset`; the last one is answered as the creation would have been."""
    upload = await find(request)
    if dialect.has_partial_type and request.content_type != PARTIAL_TYPE:
        raise Problem("media_type", {"expected": PARTIAL_TYPE})
    first = find_integer(request.headers, "Upload-Offset")
    if first is None:
        raise Problem(
            "invalid_header", {"header": "Upload-Offset", "expected": "a non-negative whole number"}
        )
    if upload.state is UploadState.FINISHED and first == upload.length_bytes and request.content_length:
        raise already_complete(first)
    offer = parse_offer(request, dialect, first)
    with telling(limits_of(dialect, request.app[SERVICES].settings, upload)):
        await require_fitting(request, upload, offer)
        body = partial(append_body, request, offer=offer, tell=teller(request, dialect, offer))
        return await answer(request, dialect, append_once(request, upload, offer, body), upload, status=204)
