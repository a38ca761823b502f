"""DELETE: cancel an upload (section Upload Cancellation)."""

from aiohttp import web

from gateway.ietf.dialects import Dialect
from gateway.ietf.lookup import find
from gateway.ietf.refusals import in_dialect
from gateway.uploads.cancelling import cancel as cancel_upload


@in_dialect
async def cancel(request: web.Request, _: Dialect) -> web.Response:
    """Free what the upload holds; of a complete one only its address goes, its evidence stays."""
    await cancel_upload(request, await find(request))
    return web.Response(status=204)
