"""What a creation asks for, as the records that will be stored. No I/O."""

import secrets
from datetime import UTC, datetime

from aiohttp import web
from uuid6 import uuid7

from gateway.keys import PRINCIPAL, SERVICES
from gateway.tus.concatenation import PARTIAL, parse_concat
from gateway.tus.headers import parse_idempotency_key
from gateway.tus.lengths import parse_length
from gateway.uploads.admission import promised_extension
from gateway.uploads.expiry import expiry_after
from gateway.uploads.metadata import filename_of, parse_metadata
from storage.evidence import Evidence
from storage.states import EvidenceState
from storage.upload import Upload
from workers.pipeline import first_stages


def plan(request: web.Request, centre_id: str) -> tuple[Upload, Evidence | None]:
    """Parse and check the request's headers into an upload and the evidence it becomes.

    A part becomes none: "partial" uploads are judged only as what they make. Raises `Problem`.
    """
    concat, parts = parse_concat(request)
    length = parse_length(request.headers, of_whole=bool(parts))
    metadata = request.headers.get("Upload-Metadata", "")
    filename = filename_of(parse_metadata(metadata))
    now = datetime.now(UTC)
    evidence = None
    if concat == PARTIAL:
        promised_extension(None, length or 0)
    else:
        evidence = _evidence(centre_id, filename, length, now)
    upload = Upload(
        id=secrets.token_urlsafe(24),
        evidence_id=evidence.id if evidence else None,
        centre_id=centre_id,
        principal_id=request[PRINCIPAL].id,
        created_at=now,
        expires_at=expiry_after(request.app[SERVICES].settings, now, now),
        length_bytes=length,
        metadata=metadata,
        concat=concat,
        parts=parts,
        idempotency_key=parse_idempotency_key(request.headers),
    )
    return upload, evidence


def _evidence(centre_id: str, filename: str | None, length: int | None, now: datetime) -> Evidence:
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


def is_same(earlier: Upload, planned: Upload) -> bool:
    """Tell whether a repeated creation asks for the upload that the first one made.

    A whole's length follows from its parts, and a length that was deferred may be known by now.
    """
    fixed = (earlier.metadata, earlier.parts, earlier.evidence_id is None)
    if fixed != (planned.metadata, planned.parts, planned.evidence_id is None):
        return False
    return planned.length_bytes in {None, earlier.length_bytes}
