"""OPTIONS: what an upload may be (section Limits)."""

from aiohttp import web

from config.formats import load_formats
from gateway.ietf.dialects import dialect_of
from gateway.ietf.limits import limits
from gateway.ietf.protocol import PARTIAL_TYPE
from gateway.keys import SERVICES


async def options(request: web.Request) -> web.Response:
    """Announce the limits of any upload; needs no key.

    "If the resource that is the target of the request supports the creation of a resumable upload resource,
    the server MUST include the Upload-Limit header field"; version 8 also requires `Accept-Patch`.
    """
    settings = request.app[SERVICES].settings
    largest = load_formats().largest_bytes
    told = limits(dialect_of(request.headers), settings, largest, settings.upload_lifetime_seconds)
    return web.Response(status=200, headers={"Accept-Patch": PARTIAL_TYPE, **told})
