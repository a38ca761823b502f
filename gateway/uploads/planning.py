"""What a creation asks for, as the records that will be stored. No I/O."""

import secrets
from datetime import UTC, datetime

from aiohttp import web
from uuid6 import uuid7

from gateway.keys import PRINCIPAL, SERVICES
from gateway.uploads.admission import promised_extension
from gateway.uploads.expiry import expiry_after
from gateway.uploads.idempotency import parse_idempotency_key
from gateway.uploads.metadata import filename_of, parse_metadata
from storage.evidence import Evidence
from storage.states import EvidenceState
from storage.upload import Upload
from workers.pipeline import first_stages


def new_evidence(centre_id: str, metadata: str, length: int | None, now: datetime) -> Evidence:
    """Return the evidence that an upload with this metadata becomes. Raises `Problem`."""
    filename = filename_of(parse_metadata(metadata))
    extension = promised_extension(filename, length or 0)
    return Evidence(
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


def new_upload(
    request: web.Request, centre_id: str, evidence: Evidence | None, metadata: str, length: int | None
) -> Upload:
    """Return the upload that the request begins; without evidence it is a part. Raises `Problem` (400)."""
    now = evidence.created_at if evidence else datetime.now(UTC)
    return Upload(
        id=secrets.token_urlsafe(24),
        evidence_id=evidence.id if evidence else None,
        centre_id=centre_id,
        principal_id=request[PRINCIPAL].id,
        created_at=now,
        expires_at=expiry_after(request.app[SERVICES].settings, now, now),
        length_bytes=length,
        metadata=metadata,
        idempotency_key=parse_idempotency_key(request.headers),
    )


def is_same(earlier: Upload, planned: Upload) -> bool:
    """Tell whether a repeated creation asks for the upload that the first one made.

    A whole's length follows from its parts, and a length that was deferred may be known by now.
    """
    if _fixed(earlier) != _fixed(planned):
        return False
    return planned.length_bytes in {None, earlier.length_bytes}


def _fixed(upload: Upload) -> tuple[object, ...]:
    return upload.metadata, upload.parts, upload.evidence_id is None, upload.sha256
