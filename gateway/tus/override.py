"""POST with `X-HTTP-Method-Override`, for environments that can send no other method (tus 1.0.0, Core)."""

from collections.abc import Mapping

from aiohttp import web
from aiohttp.typedefs import Handler

from gateway.tus.append import append
from gateway.tus.create import create
from gateway.tus.head import head
from gateway.tus.options import options
from gateway.tus.terminate import terminate

_OF_ROOT: Mapping[str, Handler] = {"POST": create, "OPTIONS": options}
_OF_ONE: Mapping[str, Handler] = {"PATCH": append, "DELETE": terminate, "HEAD": head, "OPTIONS": options}


async def override_root(request: web.Request) -> web.StreamResponse:
    """Create, unless another method is named."""
    return await _answer(request, _OF_ROOT)


async def override_one(request: web.Request) -> web.StreamResponse:
    """Answer for one upload as the named method."""
    return await _answer(request, _OF_ONE)


async def _answer(request: web.Request, handlers: Mapping[str, Handler]) -> web.StreamResponse:
    """Answer as the named method: "the server MUST interpret it as the request's method"."""
    named = request.headers.get("X-HTTP-Method-Override", "").upper() or request.method
    handler = handlers.get(named)
    if handler is None:
        raise web.HTTPMethodNotAllowed(named, handlers)
    return await handler(request)
