"""What the answer to an upload's last bytes says: the same, however often they are sent."""

import base64
from dataclasses import replace

from aiohttp import web

from gateway.services import Services
from gateway.uploads.lookup import upload_headers
from storage.upload import Upload, UploadState


async def receipt(services: Services, upload: Upload, *, status: int) -> web.Response:
    """Answer that every byte of the upload is stored; with their digest where it is known by now."""
    ended = replace(upload, state=UploadState.FINISHED) if upload.evidence_id else upload
    headers = {**upload_headers(ended), "Upload-Offset": str(upload.length_bytes)}
    if upload.evidence_id and services.hashing.is_wanted(upload):
        evidence = await services.evidence.load(upload.evidence_id, None)
        if evidence.sha256:
            headers["Repr-Digest"] = format_digest(evidence.sha256)
    return web.Response(status=status, headers=headers)


def format_digest(sha256: str) -> str:
    """Format a SHA-256 (hex) as a `Repr-Digest` (RFC 9530, section 3)."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"
