"""Evidence over HTTP: status, list, and the bytes of what may be seen."""

import re

from aiohttp import web

from gateway import answers
from gateway.auth import require_content, visible_centre
from gateway.downloads import Download, redirected, serve
from gateway.keys import PRINCIPAL, SERVICES
from gateway.problems import Problem
from gateway.showing import represented
from storage.errors import NotFound
from storage.evidence import Evidence, Rendition, original_key, rendition_key
from storage.states import EvidenceState

_NUMBER = re.compile(r"\d{1,3}", re.ASCII)
LARGEST_PAGE = 200
USUAL_PAGE = 50


async def show(request: web.Request) -> web.Response:
    """`GET /v1/evidence/{id}`."""
    (shown,) = await represented(request.app[SERVICES].queue, [await find(request)])
    return web.json_response(shown)


async def listing(request: web.Request) -> web.Response:
    """`GET /v1/evidence?state=&limit=&cursor=`: newest first; the board's side sees every centre's."""
    page = await request.app[SERVICES].evidence.page(
        visible_centre(request[PRINCIPAL]), _state(request), _limit(request), _cursor(request)
    )
    items = await represented(request.app[SERVICES].queue, page.items)
    body: answers.EvidencePage = {"items": items, "next_cursor": page.next_cursor}
    return web.json_response(body)


async def original(request: web.Request) -> web.StreamResponse:
    """`GET /v1/evidence/{id}/original`: the unaltered bytes, only when they may be seen."""
    evidence = await find(request)
    require_content(request, evidence)
    media_type = evidence.media_type or "application/octet-stream"
    name = evidence.filename or f"{evidence.id}.{evidence.extension or 'bin'}"
    download = Download(original_key(evidence.id), evidence.sha256 or "", media_type, name, inline=False)
    return await _give(request, evidence, download)


async def rendition(request: web.Request) -> web.StreamResponse:
    """`GET /v1/evidence/{id}/renditions/{kind}`."""
    evidence = await find(request)
    require_content(request, evidence)
    made = find_rendition(evidence, request.match_info["kind"])
    key = rendition_key(evidence.id, made.id)
    download = Download(key, made.sha256, made.media_type, f"{evidence.id}-{made.kind}", inline=True)
    return await _give(request, evidence, download)


def find_rendition(evidence: Evidence, kind: str) -> Rendition:
    """Return the rendition of that kind; raises `NotFound`."""
    for made in evidence.renditions:
        if made.kind == kind:
            return made
    raise NotFound(evidence.id)


async def _give(request: web.Request, evidence: Evidence, download: Download) -> web.StreamResponse:
    """Send the reader of ready bytes on to the store, if that is wanted; serve all others here."""
    services = request.app[SERVICES]
    if services.settings.redirect_downloads and evidence.state is EvidenceState.READY:
        seconds = services.settings.link_seconds
        if answer := await redirected(request, services.blobs, download, seconds):
            return answer
    return await serve(request, services.blobs, download)


async def find(request: web.Request) -> Evidence:
    """Return the evidence that the path names; raises `NotFound` for what the principal may not see."""
    centre_id = visible_centre(request[PRINCIPAL])
    return await request.app[SERVICES].evidence.load(request.match_info["id"], centre_id)


def _state(request: web.Request) -> EvidenceState | None:
    value = request.query.get("state")
    if not value:
        return None
    if value not in list(EvidenceState):
        raise Problem("bad_request", {"problem": f"state must be one of {', '.join(EvidenceState)}"})
    return EvidenceState(value)


def _limit(request: web.Request) -> int:
    value = request.query.get("limit") or str(USUAL_PAGE)
    if not (_NUMBER.fullmatch(value) and 1 <= int(value) <= LARGEST_PAGE):
        raise Problem("bad_request", {"problem": f"limit must be a whole number from 1 to {LARGEST_PAGE}"})
    return int(value)


def _cursor(request: web.Request) -> str | None:
    return request.query.get("cursor") or None
