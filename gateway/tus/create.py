"""POST: begin an upload (tus 1.0.0, Creation and Creation With Upload extensions)."""

from dataclasses import replace

from aiohttp import web

from gateway.addresses import absolute
from gateway.auth import require_centre
from gateway.grants import grant_again, kept_of, new_grant
from gateway.keys import PRINCIPAL, SERVICES
from gateway.problems import Problem
from gateway.tus.append import answer
from gateway.tus.checksum import parse_checksum
from gateway.tus.headers import require_upload_bytes, require_version
from gateway.tus.planning import plan
from gateway.tus.protocol import ROOT
from gateway.uploads.appending import Offer, append_body, require_fitting
from gateway.uploads.beginning import begin
from gateway.uploads.completion import JOIN_SECONDS, complete
from gateway.uploads.conflicts import telling
from gateway.uploads.lookup import upload_headers
from gateway.uploads.offset import settled_offset
from storage.upload import Upload


async def create(request: web.Request) -> web.Response:
    """Begin an upload, take the bytes the request brings, and say where it and its evidence are."""
    require_version(request)
    centre_id = require_centre(request[PRINCIPAL])
    planned, evidence = plan(request, centre_id)
    grant = new_grant()
    planned = replace(planned, grants=kept_of(request, grant))
    offer = Offer(0)
    if request.can_read_body:
        require_upload_bytes(request)
        offer = Offer(0, checksum=parse_checksum(request.headers))
        if planned.parts:
            raise Problem("bad_request", {"problem": "A whole is made of its parts: it brings no bytes."})
        await require_fitting(request, planned, offer)
    upload, new = await begin(request, planned, evidence)
    location = absolute(request, f"{ROOT}/{upload.id}")
    with telling({"Location": location}):
        response = await (_first_bytes(request, upload, offer) if new else _standing(request, upload))
    response.headers["Location"] = location
    if new or await grant_again(request, upload, planned.grants):
        response.headers["Upload-Grant"] = grant
    return response


async def _first_bytes(request: web.Request, upload: Upload, offer: Offer) -> web.Response:
    """Creation With Upload: a body begins at offset 0; what arrives of it counts even if it is cut."""
    services, actor = request.app[SERVICES], request[PRINCIPAL].id
    if request.can_read_body:
        return await answer(services, await append_body(request, upload, offer), status=201)
    if upload.parts:
        await services.joins.settle([upload.id], actor, JOIN_SECONDS)
    elif upload.length_bytes == 0:
        await complete(services, upload, actor)
    return web.Response(status=201, headers=upload_headers(upload))


async def _standing(request: web.Request, upload: Upload) -> web.Response:
    """Answer a repeated creation with where its upload stands; bytes it brings again are not read."""
    headers = {**upload_headers(upload), "Upload-Offset": str(await settled_offset(request, upload))}
    return web.Response(status=201, headers=headers)
