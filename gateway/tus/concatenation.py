"""The `Upload-Concat` header: a part of a whole, or a whole and its parts (tus 1.0.0, Concatenation)."""

import re

from aiohttp import web
from yarl import URL

from gateway.addresses import absolute
from gateway.problems import Problem
from gateway.tus.protocol import ROOT

PARTIAL = "partial"

#: Parts that one whole may name.
MOST_PARTS = 500

FINAL = re.compile(r"final;([!-~]+(?: +[!-~]+)*) *")
_ADDRESS = re.compile(rf"(?P<origin>https?://[^/?#@\\]+)?{ROOT}/(?P<id>[A-Za-z0-9_-]{{16,64}})", re.ASCII)


def parse_concat(request: web.Request) -> tuple[str | None, tuple[str, ...]]:
    """Return the header as it was sent, for HEAD to repeat, and the ids of the parts that a whole names.

    `None` without the header; a part names none. Raises `Problem`: 400 for a malformed header and, in the
    words of one that does not exist, for an address that is not one of this server's uploads.
    """
    values = request.headers.getall("Upload-Concat", [])
    if not values:
        return None, ()
    if values == [PARTIAL]:
        return PARTIAL, ()
    final = FINAL.fullmatch(values[0]) if len(values) == 1 else None
    addresses = final[1].split() if final else []
    if not 0 < len(addresses) <= MOST_PARTS:
        expected = f"partial, or final; and the addresses of at most {MOST_PARTS} partial uploads"
        raise Problem("invalid_header", {"header": "Upload-Concat", "expected": expected})
    own = URL(absolute(request, ROOT))
    return values[0], tuple(_id_in(address, own) for address in addresses)


def _id_in(address: str, own: URL) -> str:
    """Return the id at the end of an upload's address: a path, or as `Location` gave it."""
    match = _ADDRESS.fullmatch(address)
    if match is None or not _is_own(match["origin"], own):
        raise Problem("parts_not_found")
    return match["id"]


def _is_own(origin: str | None, own: URL) -> bool:
    if origin is None:
        return True
    try:
        given = URL(origin)
        return (given.host, _port(given)) == (own.host, _port(own))
    except ValueError:
        return False


def _port(url: URL) -> int | None:
    """Return the port unless it goes without saying; a proxy may have changed the scheme on the way."""
    return None if url.is_default_port() else url.port
