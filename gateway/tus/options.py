"""OPTIONS: what this server can do (tus 1.0.0, Core protocol)."""

from aiohttp import web

from config.formats import load_formats
from gateway.tus.protocol import EXTENSIONS, VERSION
from gateway.uploads.checksum import ALGORITHMS


async def options(_: web.Request) -> web.Response:
    """Announce versions, extensions and the largest upload; needs no key."""
    return web.Response(
        status=200,
        headers={
            "Tus-Version": VERSION,
            "Tus-Extension": ",".join(EXTENSIONS),
            "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
            "Tus-Max-Size": str(load_formats().largest_bytes),
        },
    )
