"""A pyramid of tiles over HTTP, as viewers of Deep Zoom Images ask for it: its description, then tiles."""

from hashlib import sha256

from aiohttp import web

from gateway.auth import require_content
from gateway.downloads import Download, serve_member
from gateway.evidence import find, find_rendition
from gateway.keys import SERVICES
from storage.evidence import RenditionKind, rendition_key

#: Below it, members of the pyramid's ZIP have the paths that they have inside.
PYRAMID = f"/v1/evidence/{{id}}/renditions/{RenditionKind.DEEP_ZOOM}"
DESCRIPTION = "image.dzi"
TILE = "image_files/{level}/{tile}"


async def description(request: web.Request) -> web.Response:
    """`GET /v1/evidence/{id}/renditions/deep_zoom/image.dzi`: how large picture and tiles are."""
    return await _member(request, DESCRIPTION, "application/xml")


async def tile(request: web.Request) -> web.Response:
    """`GET /v1/evidence/{id}/renditions/deep_zoom/image_files/{level}/{tile}`."""
    return await _member(request, TILE.format_map(request.match_info), "image/jpeg")


async def _member(request: web.Request, name: str, media_type: str) -> web.Response:
    evidence = await find(request)
    require_content(request, evidence)
    made = find_rendition(evidence, RenditionKind.DEEP_ZOOM)
    tag = sha256(f"{made.sha256}/{name}".encode()).hexdigest()
    saved_as = f"{evidence.id}-{name.rpartition('/')[2]}"
    download = Download(rendition_key(evidence.id, made.id), tag, media_type, saved_as, inline=True)
    return await serve_member(request, request.app[SERVICES].members, download, name)
