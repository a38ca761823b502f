"""Absolute addresses, as the client sees this server: also behind a proxy."""

from aiohttp import web
from yarl import URL


def absolute(request: web.Request, path: str) -> str:
    """Return `path` under the scheme and host that the client used (X-Forwarded-Proto, X-Forwarded-Host)."""
    scheme = _first(request, "X-Forwarded-Proto") or request.scheme
    host = _first(request, "X-Forwarded-Host") or request.host
    try:
        return str(URL.build(scheme=scheme, authority=host, path=path))
    except ValueError:
        return path


def _first(request: web.Request, header: str) -> str:
    return request.headers.get(header, "").partition(",")[0].strip()
