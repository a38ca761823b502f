"""POST: begin an upload (tus 1.0.0, Creation and Creation With Upload extensions)."""

import secrets
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from aiohttp import web
from uuid6 import uuid7

from gateway.addresses import absolute
from gateway.auth import require_centre
from gateway.grants import grant_again, kept_of, new_grant
from gateway.keys import PRINCIPAL, SERVICES
from gateway.problems import Problem
from gateway.tus.admission import admit, promised_extension, require_allowance
from gateway.tus.append import append_body, body_too_long, is_overlong
from gateway.tus.completion import complete
from gateway.tus.expiry import expiry_after
from gateway.tus.head import settled_offset
from gateway.tus.headers import (
    parse_idempotency_key,
    refuse_extensions,
    require_number,
    require_upload_bytes,
    require_version,
)
from gateway.tus.lookup import upload_headers
from gateway.tus.metadata import filename_of, parse_metadata
from gateway.tus.protocol import ROOT
from storage.evidence import Evidence
from storage.states import EvidenceState
from storage.upload import Upload
from workers.pipeline import first_stages


async def create(request: web.Request) -> web.Response:
    """Begin an upload, take the bytes the request brings, and say where it and its evidence are."""
    require_version(request)
    refuse_extensions(request)
    centre_id = require_centre(request[PRINCIPAL])
    planned, evidence = _plan(request, centre_id, require_number(request.headers, "Upload-Length"))
    grant = new_grant()
    planned = replace(planned, grants=kept_of(request, grant))
    if request.can_read_body:
        require_upload_bytes(request)
        if is_overlong(request, planned, 0):
            raise body_too_long(planned)
    upload, new = await _begin(request, planned, evidence)
    response = await (_first_bytes(request, upload) if new else _standing(request, upload))
    response.headers["Location"] = absolute(request, f"{ROOT}/{upload.id}")
    if new or await grant_again(request, upload, planned.grants):
        response.headers["Upload-Grant"] = grant
    return response


async def _begin(request: web.Request, planned: Upload, evidence: Evidence) -> tuple[Upload, bool]:
    """Store the upload and return it and `True`; or the one that the same request created before.

    A repetition needs no room, so it is recognised before admission. Raises `Problem`.
    """
    services = request.app[SERVICES]
    earlier = await services.uploads.created_before(planned.centre_id, planned.idempotency_key)
    if earlier:
        return _same(earlier, planned), False
    length = planned.length_bytes or 0
    await admit(request, length)
    await services.store.create(planned.ref)
    upload, new = await services.uploads.create(
        planned, evidence, partial(require_allowance, services.settings, length)
    )
    if not new:
        await services.store.delete(planned.id)
    else:
        await services.queue.signal(evidence)
    return _same(upload, planned), new


def _same(earlier: Upload, planned: Upload) -> Upload:
    """Return the earlier upload if it is what is planned now; raises `Problem` (422)."""
    if (earlier.length_bytes, earlier.metadata) != (planned.length_bytes, planned.metadata):
        raise Problem("idempotency_key_reused")
    return earlier


def _plan(request: web.Request, centre_id: str, length: int) -> tuple[Upload, Evidence]:
    """Parse and check the request's headers into the two records; no I/O. Raises `Problem`."""
    metadata = request.headers.get("Upload-Metadata", "")
    filename = filename_of(parse_metadata(metadata))
    extension = promised_extension(filename, length)
    now = datetime.now(UTC)
    evidence = Evidence(
        id=str(uuid7()),
        centre_id=centre_id,
        state=EvidenceState.RECEIVING,
        created_at=now,
        updated_at=now,
        filename=filename,
        extension=extension.name if extension else None,
        size_bytes=length,
        stages=first_stages(),
    )
    upload = Upload(
        id=secrets.token_urlsafe(24),
        evidence_id=evidence.id,
        centre_id=centre_id,
        principal_id=request[PRINCIPAL].id,
        created_at=now,
        expires_at=expiry_after(request.app[SERVICES].settings, now, now),
        length_bytes=length,
        metadata=metadata,
        idempotency_key=parse_idempotency_key(request.headers),
    )
    return upload, evidence


async def _first_bytes(request: web.Request, upload: Upload) -> web.Response:
    """Creation With Upload: a body begins at offset 0; what arrives of it counts even if it is cut."""
    if request.can_read_body:
        return await append_body(request, upload, 0, status=201)
    if upload.length_bytes == 0:
        await complete(request.app[SERVICES], upload, request[PRINCIPAL].id)
    return web.Response(status=201, headers=upload_headers(upload))


async def _standing(request: web.Request, upload: Upload) -> web.Response:
    """Answer a repeated creation with where its upload stands; bytes it brings again are not read."""
    headers = {**upload_headers(upload), "Upload-Offset": str(await settled_offset(request, upload))}
    return web.Response(status=201, headers=headers)
