"""The bytes of one request, and the answer to them: final once the upload is complete."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

from aiohttp import web

from gateway.ietf.dialects import Dialect
from gateway.ietf.interim import Progress
from gateway.ietf.limits import limits_of
from gateway.keys import PRINCIPAL, SERVICES
from gateway.problems import Problem
from gateway.services import Services
from gateway.uploads.appending import Offer, Taken, Tell, nobody
from gateway.uploads.completion import abandon
from gateway.uploads.lookup import upload_headers
from gateway.uploads.receipt import receipt
from storage.states import EvidenceState
from storage.upload import Upload, UploadState
from workers.decisions import Ending


def teller(request: web.Request, dialect: Dialect, offer: Offer) -> Tell:
    """Return who tells the sender how far its body is: nobody while nothing of it counts."""
    return Progress(request, dialect).tell if dialect.has_progress and offer.checksum is None else nobody


async def answer(
    request: web.Request, dialect: Dialect, taking: Awaitable[Taken], upload: Upload, *, status: int
) -> web.Response:
    """Answer a request whose bytes are taken: with `status` as long as more must come.

    "If the request content was fully processed, the upload is marked as complete and the server SHOULD
    generate the response that matches what the resource, that was targeted by the initial upload creation,
    would have generated."
    """
    services = request.app[SERVICES]
    async with _deactivating(services, upload, dialect, request[PRINCIPAL].id):
        taken = await taking
    if taken.is_whole:
        return await _final(services, dialect, taken)
    headers = {
        **upload_headers(taken.upload),
        "Upload-Offset": str(taken.offset),
        **dialect.tell(is_complete=False),
        **limits_of(dialect, services.settings, taken.upload),
    }
    return web.Response(status=status, headers=headers)


async def _final(services: Services, dialect: Dialect, taken: Taken) -> web.Response:
    """Answer that the evidence was received, the same however often it is asked.

    Raises `Problem` (422) when it is not what its sender said: "If the digests don't match, the server SHOULD
    consider the upload failed, not process the representation further, and signal the failure to the client."
    """
    complete = dialect.tell(is_complete=True)
    evidence = await services.evidence.load(taken.upload.becomes, None)
    if evidence.code == "digest_mismatch":
        raise Problem("digest_mismatch", headers=complete)
    response = await receipt(services, taken.upload, status=201)
    response.headers.update(complete)
    return response


@asynccontextmanager
async def _deactivating(
    services: Services, upload: Upload, dialect: Dialect, actor: str
) -> AsyncIterator[None]:
    """End an upload that turns out longer than was announced.

    "The server MUST prevent the offset from exceeding the upload length by rejecting the request once the
    offset exceeds the length, marking the upload resource invalid and rejecting any further interaction."
    """
    try:
        yield
    except Problem as problem:
        if problem.code == "body_too_long":
            ending = Ending(EvidenceState.REJECTED, problem.code, problem.detail)
            await abandon(services, upload, UploadState.TERMINATED, actor, ending=ending)
            problem.headers.update(dialect.tell(is_complete=True))
        raise
