"""HEAD: where an upload stands (tus 1.0.0, Core protocol)."""

from contextlib import suppress

from aiohttp import web

from gateway.keys import HOLDERS, PRINCIPAL, SERVICES
from gateway.tus.completion import complete, durable_offset
from gateway.tus.headers import require_version
from gateway.tus.lookup import find_upload, upload_headers
from storage.errors import UploadBusy
from storage.upload import Upload, UploadState


async def head(request: web.Request) -> web.Response:
    """Answer with an offset that the next PATCH is accepted at.

    "The Server MUST always include the Upload-Offset header in the response for a HEAD request, even if
    the offset is 0, or the upload is already considered completed."
    """
    require_version(request)
    upload = await find_upload(request)
    headers = {**upload_headers(upload), "Upload-Offset": str(await settled_offset(request, upload))}
    if upload.length_bytes is not None:
        headers["Upload-Length"] = str(upload.length_bytes)
    if upload.metadata:
        headers["Upload-Metadata"] = upload.metadata
    return web.Response(status=200, headers=headers)


async def settled_offset(request: web.Request, upload: Upload) -> int:
    """Return an offset that the next PATCH is accepted at; finish an upload whose bytes are all here."""
    services = request.app[SERVICES]
    if upload.state is UploadState.OPEN:
        await request.app[HOLDERS].settle(upload)
    offset = await durable_offset(services, upload)
    if upload.state is UploadState.OPEN and offset == upload.length_bytes:
        with suppress(UploadBusy):  # its sender is about to finish it
            await complete(services, upload, request[PRINCIPAL].id)
    return offset
