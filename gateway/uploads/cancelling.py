"""The end of an upload that its sender asks for."""

from aiohttp import web

from gateway.keys import HOLDERS, PRINCIPAL, SERVICES
from gateway.uploads.completion import abandon, drop_bytes, tell_wholes
from storage.upload import Upload, UploadState


async def cancel(request: web.Request, upload: Upload) -> None:
    """Free what the upload holds; of a finished one only its address goes, its evidence stays.

    An unfinished whole that is made of a part ends with it.
    """
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
