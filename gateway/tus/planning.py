"""What a creation asks for in the words of tus, as the records that will be stored. No I/O."""

from dataclasses import replace
from datetime import UTC, datetime

from aiohttp import web

from gateway.tus.concatenation import PARTIAL, parse_concat
from gateway.tus.lengths import parse_length
from gateway.uploads.admission import promised_extension
from gateway.uploads.metadata import parse_metadata
from gateway.uploads.planning import new_evidence, new_upload
from storage.evidence import Evidence
from storage.upload import Upload


def plan(request: web.Request, centre_id: str) -> tuple[Upload, Evidence | None]:
    """Parse and check the request's headers into an upload and the evidence it becomes.

    A part becomes none: "partial" uploads are judged only as what they make. Raises `Problem`.
    """
    concat, parts = parse_concat(request)
    length = parse_length(request.headers, of_whole=bool(parts))
    metadata = ",".join(request.headers.getall("Upload-Metadata", ()))
    evidence = None
    if concat == PARTIAL:
        parse_metadata(metadata)
        promised_extension(None, length or 0)
    else:
        evidence = new_evidence(centre_id, metadata, length, datetime.now(UTC))
    upload = new_upload(request, centre_id, evidence, metadata, length)
    return replace(upload, concat=concat, parts=parts), evidence
