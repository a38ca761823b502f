"""Find the upload that a request names."""

from aiohttp import web

from gateway.uploads.lookup import find_upload
from storage.errors import NotFound
from storage.upload import Upload


async def find(request: web.Request) -> Upload:
    """Return the upload in the path, whichever protocol it began with.

    Parts and wholes are none here: this protocol has no words for them. Raises as `find_upload`.
    """
    upload = await find_upload(request)
    if upload.concat is not None:
        raise NotFound(upload.id)
    return upload
