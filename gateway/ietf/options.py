"""OPTIONS: what an upload may be (section Limits)."""

from aiohttp import web

from gateway.ietf.dialects import dialect_of
from gateway.ietf.limits import limits_of_new
from gateway.ietf.protocol import PARTIAL_TYPE
from gateway.keys import SERVICES


async def options(request: web.Request) -> web.Response:
    """Announce the limits of any upload; needs no key.

    "If the resource that is the target of the request supports the creation of a resumable upload resource,
    the server MUST include the Upload-Limit header field"; version 8 also requires `Accept-Patch`.
    """
    told = limits_of_new(dialect_of(request.headers), request.app[SERVICES].settings, metadata="")
    return web.Response(status=200, headers={"Accept-Patch": PARTIAL_TYPE, **told})
