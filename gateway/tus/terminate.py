"""DELETE: cancel an upload (tus 1.0.0, Termination extension)."""

from aiohttp import web

from gateway.keys import HOLDERS, PRINCIPAL, SERVICES
from gateway.tus.headers import require_version
from gateway.uploads.completion import abandon, drop_bytes, tell_wholes
from gateway.uploads.lookup import find_upload
from storage.upload import UploadState


async def terminate(request: web.Request) -> web.Response:
    """Free what the upload holds; of a finished one only its address goes, its evidence stays.

    An unfinished whole that is made of a part ends with it.
    """
    require_version(request)
    upload = await find_upload(request)
    services = request.app[SERVICES]
    actor = request[PRINCIPAL].id
    if upload.state is UploadState.FINISHED:
        await services.uploads.forget(upload.id)
        await drop_bytes(services, upload)
    else:
        await abandon(services, upload, UploadState.TERMINATED, actor)
        await request.app[HOLDERS].stop(upload.id)
    if upload.evidence_id is None:
        await tell_wholes(services, upload, actor)
    return web.Response(status=204)
