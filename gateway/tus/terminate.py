"""DELETE: cancel an upload (tus 1.0.0, Termination extension)."""

from aiohttp import web

from gateway.tus.headers import require_version
from gateway.uploads.cancelling import cancel
from gateway.uploads.lookup import find_upload


async def terminate(request: web.Request) -> web.Response:
    """Free what the upload holds; of a finished one only its address goes, its evidence stays."""
    require_version(request)
    await cancel(request, await find_upload(request))
    return web.Response(status=204)
