"""Where an upload stands, as its sender is told."""

from contextlib import suppress

from aiohttp import web

from gateway.keys import HOLDERS, PRINCIPAL, SERVICES
from gateway.uploads.completion import complete, durable_offset, tell_wholes
from gateway.uploads.wholes import whole_offset
from storage.errors import UploadBusy
from storage.upload import Upload, UploadState

#: Who asks where an upload stands waits this long for a whole to be joined, in seconds.
LOOK_SECONDS = 0.1


async def settled_offset(request: web.Request, upload: Upload) -> int:
    """Return an offset that the next append is accepted at; finish an upload whose bytes are all here.

    One that must be read through to be compared with its sender's digest is finished by others: nobody who
    asks where it stands waits for that.
    """
    services = request.app[SERVICES]
    if upload.parts:
        return await whole_offset(services, upload)
    if upload.state is UploadState.OPEN:
        await request.app[HOLDERS].settle(upload)
    offset = await durable_offset(services, upload)
    is_due = upload.state is UploadState.OPEN and offset == upload.length_bytes
    actor = request[PRINCIPAL].id
    if is_due and upload.evidence_id is None:
        await tell_wholes(services, upload, actor, LOOK_SECONDS)
    elif is_due and upload.sha256 is None:
        with suppress(UploadBusy):  # its sender is about to finish it
            await complete(services, upload, actor)
    return offset
