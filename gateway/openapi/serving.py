"""Serve the document."""

from aiohttp import web

from gateway.downloads import joined
from gateway.http_range import is_unchanged
from gateway.keys import OPENAPI


async def openapi(request: web.Request) -> web.Response:
    """`GET /openapi.json`; needs no key."""
    document = request.app[OPENAPI]
    headers = {"ETag": document.etag, "Cache-Control": "no-cache"}
    if is_unchanged(joined(request, "If-None-Match"), document.etag):
        return web.Response(status=304, headers=headers)
    return web.Response(body=document.body, content_type="application/json", headers=headers)
