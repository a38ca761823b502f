"""The requests of a direct upload."""

from dataclasses import replace
from datetime import UTC, datetime

from aiohttp import web

from gateway import answers
from gateway.addresses import absolute
from gateway.auth import require_centre
from gateway.bodies import read_body
from gateway.direct.completing import complete_direct
from gateway.direct.wording import Completion, Creation
from gateway.grants import grant_again, kept_of, new_grant
from gateway.keys import PRINCIPAL, SERVICES
from gateway.problems import Problem, already_complete
from gateway.uploads.beginning import begin
from gateway.uploads.cancelling import cancel
from gateway.uploads.expiry import Expiry
from gateway.uploads.lookup import find_upload, upload_headers
from gateway.uploads.planning import new_evidence, new_upload
from storage.errors import NotFound
from storage.s3 import MOST_PARTS
from storage.upload import Upload, UploadState
from storage.uploads.direct import DirectUploads

_COMPLETION_BYTES = 2 << 20


async def create(request: web.Request) -> web.Response:
    """Begin an upload whose parts its client sends to the store. Raises `Problem`."""
    direct = _direct(request)
    centre_id = require_centre(request[PRINCIPAL])
    asked = await read_body(request, Creation)
    evidence = new_evidence(centre_id, asked.header, asked.length_bytes, datetime.now(UTC))
    planned = new_upload(request, centre_id, evidence, asked.header, asked.length_bytes)
    grant = new_grant()
    planned = replace(planned, grants=kept_of(request, grant))
    upload, new = await begin(request, planned, evidence)
    await direct.begin(upload.ref)
    body: answers.DirectUpload = {"uploadId": upload.id, "key": upload.becomes}
    response = web.json_response(body, headers=upload_headers(upload))
    if new or await grant_again(request, upload, planned.grants):
        response.headers["Upload-Grant"] = grant
    return response


async def sign(request: web.Request) -> web.Response:
    """Say where one part is to be sent."""
    direct, upload = _direct(request), await _open_upload(request)
    services = request.app[SERVICES]
    await Expiry(services.uploads, upload, services.settings).move()
    seconds = services.settings.link_seconds
    url = await direct.sign(upload.ref, _part_number(request), seconds)
    body: answers.SignedPart = {"url": url, "expires": seconds}
    return web.json_response(body, headers={"Cache-Control": "no-store"})


async def parts(request: web.Request) -> web.Response:
    """Say which parts are in the store, for a client that goes on."""
    direct, upload = _direct(request), await _open_upload(request)
    body: list[answers.StoredPart] = [
        {"PartNumber": part.number, "Size": part.size_bytes, "ETag": part.etag}
        for part in await direct.parts(upload.ref)
    ]
    return web.json_response(body, headers={"Cache-Control": "no-store"})


async def finish(request: web.Request) -> web.Response:
    """Make the parts the evidence's original; a repetition is answered the same. Raises `Problem`."""
    direct, upload = _direct(request), await find_upload(request)
    if upload.state is UploadState.OPEN:
        named = await read_body(request, Completion, most_bytes=_COMPLETION_BYTES)
        tags = {part.PartNumber: part.ETag for part in named.parts}
        await complete_direct(request.app[SERVICES], direct, upload, tags, request[PRINCIPAL].id)
    path = f"/v1/evidence/{upload.becomes}"
    body: answers.DirectCompletion = {"location": absolute(request, path), "key": upload.becomes}
    return web.json_response(body, headers={"Evidence-Location": path})


async def abort(request: web.Request) -> web.Response:
    """Cancel the upload, and drop its parts."""
    await cancel(request, await find_upload(request))
    return web.json_response({})


def _direct(request: web.Request) -> DirectUploads:
    services = request.app[SERVICES]
    if services.direct is None or not services.settings.direct_uploads:
        raise Problem("direct_uploads_off")
    return services.direct


async def _open_upload(request: web.Request) -> Upload:
    upload = await find_upload(request)
    if upload.state is not UploadState.OPEN:
        raise already_complete(upload.length_bytes or 0)
    return upload


def _part_number(request: web.Request) -> int:
    text = request.match_info["part"]
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else 0
    if not 1 <= number <= MOST_PARTS:
        raise NotFound("no such part")
    return number
