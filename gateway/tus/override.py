"""POST with `X-HTTP-Method-Override`, for environments that can send no PATCH or DELETE (tus 1.0.0, Core)."""

from aiohttp import web
from aiohttp.typedefs import Handler

from gateway.tus.append import append
from gateway.tus.head import head
from gateway.tus.terminate import terminate

_VERBS: dict[str, Handler] = {"PATCH": append, "DELETE": terminate, "HEAD": head}


async def override(request: web.Request) -> web.StreamResponse:
    """Answer as the named method: "the server MUST interpret it as the request's method"."""
    handler = _VERBS.get(request.headers.get("X-HTTP-Method-Override", "").upper())
    if handler is None:
        raise web.HTTPMethodNotAllowed("POST", ["DELETE", "HEAD", "OPTIONS", "PATCH"])
    return await handler(request)
