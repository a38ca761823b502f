"""Find the upload a request names, and say of it what every answer says."""

from email.utils import format_datetime

from aiohttp import web

from gateway.auth import require_centre
from gateway.keys import PRINCIPAL, SERVICES
from gateway.problems import Problem
from storage.errors import NotFound
from storage.upload import Upload, UploadState


async def find_upload(request: web.Request) -> Upload:
    """Return the upload in the path if it is this principal's centre's.

    Raises `NotFound` for one that never was, is another centre's or was cancelled, `Problem`: 410 for an
    expired one, 403 for the board's side, which sends nothing.
    """
    centre_id = require_centre(request[PRINCIPAL])
    return require_present(await request.app[SERVICES].uploads.load(request.match_info["id"], centre_id))


def require_present(upload: Upload) -> Upload:
    """Return the upload. Raises `NotFound` for a cancelled one, `Problem` (410) for an expired one."""
    if upload.state is UploadState.TERMINATED:
        raise NotFound(upload.id)
    if upload.state is UploadState.EXPIRED:
        raise Problem("upload_gone")
    return upload


def upload_headers(upload: Upload) -> dict[str, str]:
    """Return the headers of an upload's record, as every successful answer carries them."""
    headers = {"Cache-Control": "no-store"}
    if upload.evidence_id:
        headers["Evidence-Location"] = f"/v1/evidence/{upload.evidence_id}"
    if upload.state is UploadState.OPEN:
        headers["Upload-Expires"] = format_datetime(upload.expires_at, usegmt=True)
    return headers
