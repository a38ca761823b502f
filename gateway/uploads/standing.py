"""An upload as it stands, without a byte being sent to it."""

from aiohttp import web

from gateway.keys import SERVICES
from gateway.uploads.appending import Taken
from gateway.uploads.lookup import require_present
from gateway.uploads.offset import settled_offset
from storage.upload import Upload, UploadState


async def stand(request: web.Request, upload: Upload) -> Taken:
    """Return where the upload stands, with the record as it is once its offset is known."""
    offset = await settled_offset(request, upload)
    latest = require_present(await request.app[SERVICES].uploads.load(upload.id, None))
    return Taken(latest, offset, latest.state is UploadState.FINISHED)
