"""DELETE: cancel an upload (tus 1.0.0, Termination extension)."""

from aiohttp import web

from gateway.keys import HOLDERS, PRINCIPAL, SERVICES
from gateway.tus.completion import abandon, drop_bytes
from gateway.tus.headers import require_version
from gateway.tus.lookup import find_upload
from storage.upload import UploadState


async def terminate(request: web.Request) -> web.Response:
    """Free what the upload holds; of a finished one only its address goes, its evidence stays."""
    require_version(request)
    upload = await find_upload(request)
    services = request.app[SERVICES]
    if upload.state is UploadState.FINISHED:
        await drop_bytes(services, upload)
        await services.uploads.forget(upload.id)
    else:
        await abandon(services, upload, UploadState.TERMINATED, request[PRINCIPAL].id)
        await request.app[HOLDERS].stop(upload.id)
    return web.Response(status=204)
