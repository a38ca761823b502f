"""POST: begin an upload (tus 1.0.0, Creation and Creation With Upload extensions)."""

from dataclasses import replace
from functools import partial

from aiohttp import web

from gateway.addresses import absolute
from gateway.auth import require_centre
from gateway.grants import grant_again, kept_of, new_grant
from gateway.keys import PRINCIPAL, SERVICES
from gateway.problems import Problem
from gateway.tus.append import append_body, body_too_long, is_overlong
from gateway.tus.checksum import parse_checksum
from gateway.tus.head import settled_offset
from gateway.tus.headers import require_upload_bytes, require_version
from gateway.tus.planning import is_same, plan
from gateway.tus.protocol import ROOT
from gateway.uploads.admission import admit, require_allowance
from gateway.uploads.completion import JOIN_SECONDS, complete
from gateway.uploads.conflicts import telling_location
from gateway.uploads.lookup import upload_headers
from gateway.uploads.wholes import measured
from storage.evidence import Evidence
from storage.upload import Upload


async def create(request: web.Request) -> web.Response:
    """Begin an upload, take the bytes the request brings, and say where it and its evidence are."""
    require_version(request)
    centre_id = require_centre(request[PRINCIPAL])
    planned, evidence = plan(request, centre_id)
    grant = new_grant()
    planned = replace(planned, grants=kept_of(request, grant))
    if request.can_read_body:
        require_upload_bytes(request)
        parse_checksum(request.headers)
        if planned.parts:
            raise Problem("bad_request", {"problem": "A whole is made of its parts: it brings no bytes."})
        if is_overlong(request, planned, 0):
            raise body_too_long(request, planned, 0)
    upload, new = await _begin(request, planned, evidence)
    location = absolute(request, f"{ROOT}/{upload.id}")
    with telling_location(location):
        response = await (_first_bytes(request, upload) if new else _standing(request, upload))
    response.headers["Location"] = location
    if new or await grant_again(request, upload, planned.grants):
        response.headers["Upload-Grant"] = grant
    return response


async def _begin(request: web.Request, planned: Upload, evidence: Evidence | None) -> tuple[Upload, bool]:
    """Store the upload and return it and `True`; or the one that the same request created before.

    A repetition needs no room, so it is recognised before admission. Raises `Problem`.
    """
    services = request.app[SERVICES]
    earlier = await services.uploads.created_before(planned.centre_id, planned.idempotency_key)
    if earlier:
        return _same(earlier, planned), False
    if evidence and planned.parts:
        planned, evidence = await measured(services, planned, evidence)
    length = planned.length_bytes or 0
    await admit(request, length)
    await services.store.create(planned.ref)
    upload, new = await services.uploads.create(
        planned, evidence, partial(require_allowance, services.settings, length)
    )
    if not new:
        await services.store.delete(planned.id)
    elif evidence:
        await services.queue.signal(evidence)
    return _same(upload, planned), new


def _same(earlier: Upload, planned: Upload) -> Upload:
    """Return the earlier upload if it is what is planned now; raises `Problem` (422)."""
    if not is_same(earlier, planned):
        raise Problem("idempotency_key_reused")
    return earlier


async def _first_bytes(request: web.Request, upload: Upload) -> web.Response:
    """Creation With Upload: a body begins at offset 0; what arrives of it counts even if it is cut."""
    if request.can_read_body:
        return await append_body(request, upload, 0, status=201)
    services, actor = request.app[SERVICES], request[PRINCIPAL].id
    if upload.parts:
        await services.joins.settle([upload.id], actor, JOIN_SECONDS)
    elif upload.length_bytes == 0:
        await complete(services, upload, actor)
    return web.Response(status=201, headers=upload_headers(upload))


async def _standing(request: web.Request, upload: Upload) -> web.Response:
    """Answer a repeated creation with where its upload stands; bytes it brings again are not read."""
    headers = {**upload_headers(upload), "Upload-Offset": str(await settled_offset(request, upload))}
    return web.Response(status=201, headers=headers)
