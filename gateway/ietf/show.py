"""HEAD and GET: where an upload stands (section Offset Retrieval)."""

from aiohttp import web

from gateway.ietf.dialects import Dialect
from gateway.ietf.limits import limits_of
from gateway.ietf.lookup import find
from gateway.ietf.refusals import in_dialect
from gateway.keys import SERVICES
from gateway.uploads.lookup import upload_headers
from gateway.uploads.standing import stand


@in_dialect
async def show(request: web.Request, dialect: Dialect) -> web.Response:
    """Answer with an offset that the next append is accepted at."""
    standing = await stand(request, await find(request))
    headers = {
        **upload_headers(standing.upload),
        "Upload-Offset": str(standing.offset),
        **dialect.tell(is_complete=standing.is_whole),
        **limits_of(dialect, request.app[SERVICES].settings, standing.upload),
    }
    if standing.upload.length_bytes is not None:
        headers["Upload-Length"] = str(standing.upload.length_bytes)
    return web.Response(status=204, headers=headers)
