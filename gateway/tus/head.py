"""HEAD: where an upload stands (tus 1.0.0, Core protocol)."""

from aiohttp import web

from gateway.keys import PRINCIPAL, SERVICES
from gateway.tus.headers import require_version
from gateway.uploads.lookup import find_upload, require_present, upload_headers
from gateway.uploads.offset import LOOK_SECONDS, settled_offset
from storage.upload import Upload, UploadState


async def head(request: web.Request) -> web.Response:
    """Answer with an offset that the next PATCH is accepted at.

    "The Server MUST always include the Upload-Offset header in the response for a HEAD request, even if
    the offset is 0, or the upload is already considered completed."
    """
    require_version(request)
    upload = await find_upload(request)
    if upload.parts:
        upload = await _looked_at(request, upload)
    headers = {**upload_headers(upload), "Upload-Offset": str(await settled_offset(request, upload))}
    if upload.length_bytes is not None:
        headers["Upload-Length"] = str(upload.length_bytes)
    elif not upload.parts:
        headers["Upload-Defer-Length"] = "1"
    if upload.metadata:
        headers["Upload-Metadata"] = upload.metadata
    if upload.concat:
        headers["Upload-Concat"] = upload.concat
    return web.Response(status=200, headers=headers)


async def _looked_at(request: web.Request, whole: Upload) -> Upload:
    """Have a whole joined, if nothing is missing, and return it as it is a moment later."""
    services = request.app[SERVICES]
    if whole.state is UploadState.OPEN:
        await services.joins.settle([whole.id], request[PRINCIPAL].id, LOOK_SECONDS)
    return require_present(await services.uploads.load(whole.id, None))
