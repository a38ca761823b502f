"""The portals' pages may use this server (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol).

Who is asking is known by a bearer alone, never by a cookie; so no answer allows credentials, and a page of
another origin can do nothing here that it could not do elsewhere.
"""

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from gateway.keys import SERVICES

_METHODS = "DELETE, GET, HEAD, OPTIONS, PATCH, POST"

#: How long a browser need not ask again, in seconds; none remembers it for longer.
_REMEMBERED_SECONDS = "7200"

#: What the pages may send, besides what every page may.
REQUEST_HEADERS = (
    "Authorization",
    "Cache-Control",
    "Content-Digest",
    "Content-Disposition",
    "Content-Type",
    "Idempotency-Key",
    "If-None-Match",
    "If-Range",
    "Last-Event-ID",
    "Range",
    "Repr-Digest",
    "Tus-Resumable",
    "Upload-Checksum",
    "Upload-Complete",
    "Upload-Concat",
    "Upload-Defer-Length",
    "Upload-Draft-Interop-Version",
    "Upload-Incomplete",
    "Upload-Length",
    "Upload-Metadata",
    "Upload-Offset",
    "Want-Repr-Digest",
    "X-HTTP-Method-Override",
    "X-Request-ID",
    "X-Requested-With",
)

#: What the pages may read of an answer, besides what every page may.
RESPONSE_HEADERS = (
    "Accept-Patch",
    "Accept-Ranges",
    "Content-Disposition",
    "Content-Range",
    "ETag",
    "Evidence-Location",
    "Location",
    "Repr-Digest",
    "Retry-After",
    "Tus-Checksum-Algorithm",
    "Tus-Extension",
    "Tus-Max-Size",
    "Tus-Resumable",
    "Tus-Version",
    "Upload-Complete",
    "Upload-Concat",
    "Upload-Defer-Length",
    "Upload-Expires",
    "Upload-Grant",
    "Upload-Incomplete",
    "Upload-Length",
    "Upload-Limit",
    "Upload-Metadata",
    "Upload-Offset",
    "WWW-Authenticate",
    "X-Request-Id",
)

_PREFLIGHT = {
    hdrs.ACCESS_CONTROL_ALLOW_METHODS: _METHODS,
    hdrs.ACCESS_CONTROL_ALLOW_HEADERS: ", ".join(REQUEST_HEADERS),
    hdrs.ACCESS_CONTROL_MAX_AGE: _REMEMBERED_SECONDS,
}

_EXPOSED = ", ".join(RESPONSE_HEADERS)


@web.middleware
async def answer_preflights(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what a browser asks before a page's request; any other OPTIONS goes on."""
    asked = request.method == "OPTIONS" and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers
    if asked and _is_allowed(request):
        return web.Response(status=204, headers=_PREFLIGHT)
    return await handler(request)


def allow_origin(request: web.Request, response: web.StreamResponse) -> None:
    """Let the pages of our portals read the answer; an answer to any other page says nothing of it."""
    if request.app[SERVICES].settings.cors_origins:
        response.headers.add(hdrs.VARY, hdrs.ORIGIN)
    if _is_allowed(request):
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = request.headers[hdrs.ORIGIN]
        response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = _EXPOSED


def _is_allowed(request: web.Request) -> bool:
    return request.headers.get(hdrs.ORIGIN) in request.app[SERVICES].settings.cors_origins
