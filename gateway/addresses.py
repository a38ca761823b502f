"""Absolute addresses, as the client sees this server: also behind a proxy."""

import re

from aiohttp import web
from yarl import URL

_SCHEMES = frozenset({"http", "https"})
_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?", re.ASCII)


def absolute(request: web.Request, path: str) -> str:
    """Return `path` under the scheme and host that the client used (X-Forwarded-Proto, X-Forwarded-Host).

    Anybody may send these headers, so what is no scheme of ours or no host counts as not sent; without any
    host (HTTP/1.0) the address is the one that was connected to.
    """
    forwarded = _first(request, "X-Forwarded-Proto").lower()
    scheme = forwarded if forwarded in _SCHEMES else request.scheme
    for host in (_first(request, "X-Forwarded-Host"), request.headers.get("Host", "")):
        if _HOST.fullmatch(host):
            try:
                return str(URL.build(scheme=scheme, authority=host, path=path))
            except ValueError:  # a port above 65535
                continue
    return str(URL.build(scheme=scheme, authority=_connected_to(request), path=path))


def _connected_to(request: web.Request) -> str:
    host, port = (request.get_extra_info("sockname") or ("localhost", 80))[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _first(request: web.Request, header: str) -> str:
    return request.headers.get(header, "").partition(",")[0].strip()
