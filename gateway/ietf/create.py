"""POST: begin an upload, or send a whole file at once (section Upload Creation)."""

from dataclasses import replace
from datetime import UTC, datetime

from aiohttp import web

from gateway.addresses import absolute
from gateway.auth import require_centre
from gateway.grants import grant_again, kept_of, new_grant
from gateway.ietf.dialects import Dialect
from gateway.ietf.digests import find_whole_sha256, wants_digest
from gateway.ietf.disposition import metadata_of
from gateway.ietf.interim import send_interim
from gateway.ietf.limits import limits_of, limits_of_new
from gateway.ietf.offers import parse_offer
from gateway.ietf.protocol import ROOT
from gateway.ietf.refusals import in_dialect
from gateway.ietf.taking import answer, teller
from gateway.keys import PRINCIPAL, SERVICES
from gateway.uploads.appending import Offer, Taken, append_body, require_fitting
from gateway.uploads.beginning import begin
from gateway.uploads.conflicts import telling
from gateway.uploads.planning import new_evidence, new_upload
from gateway.uploads.standing import stand
from storage.evidence import Evidence
from storage.upload import Upload


@in_dialect
async def create(request: web.Request, dialect: Dialect) -> web.Response:
    """Begin an upload, announce it, take the bytes the request brings, and say where its evidence is."""
    centre_id = require_centre(request[PRINCIPAL])
    offer = parse_offer(request, dialect, 0)
    grant = new_grant()
    settings = request.app[SERVICES].settings
    metadata = metadata_of(request.headers)
    with telling(limits_of_new(dialect, settings, metadata)):
        planned, evidence = _plan(request, centre_id, metadata, offer)
        planned = replace(planned, grants=kept_of(request, grant))
        await require_fitting(request, planned, offer)
        upload, new = await begin(request, planned, evidence)
    found = {"Location": absolute(request, f"{ROOT}/{upload.id}"), **limits_of(dialect, settings, upload)}
    with telling(found):
        await send_interim(request, dialect, found)
        taking = _take(request, dialect, upload, offer) if new else stand(request, upload)
        response = await answer(request, dialect, taking, upload, status=201)
    response.headers.update(found)
    if new or await grant_again(request, upload, planned.grants):
        response.headers["Upload-Grant"] = grant
    return response


def _plan(request: web.Request, centre_id: str, metadata: str, offer: Offer) -> tuple[Upload, Evidence]:
    """Return the records of what the request begins. Raises `Problem`."""
    evidence = new_evidence(centre_id, metadata, offer.length_bytes, datetime.now(UTC))
    upload = new_upload(request, centre_id, evidence, metadata, offer.length_bytes)
    sha256, wanted = find_whole_sha256(request.headers), wants_digest(request.headers)
    return replace(upload, sha256=sha256, wants_digest=wanted), evidence


async def _take(request: web.Request, dialect: Dialect, upload: Upload, offer: Offer) -> Taken:
    """Take the body: "The request content can be empty", and be all of an empty file."""
    if offer.is_last or request.can_read_body:
        return await append_body(request, upload, offer, teller(request, dialect, offer))
    return Taken(upload, 0, is_whole=False)
