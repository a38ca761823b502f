"""What a request says of the bytes it brings, in this protocol's headers."""

from aiohttp import web

from gateway.ietf.dialects import Dialect
from gateway.ietf.digests import find_content_digest
from gateway.ietf.fields import find_integer
from gateway.problems import Problem
from gateway.uploads.appending import Offer
from gateway.uploads.encoding import require_plain


def parse_offer(request: web.Request, dialect: Dialect, first: int) -> Offer:
    """Return what the request offers at an offset.

    "If the request includes the Upload-Complete header field value set to true and a valid Content-Length
    header field, the request content is the remaining representation data", and "if indicators (1) and (2)
    are both present in the same request, their indicated lengths MUST match": `Problem` (400) otherwise, and
    for a request that does not say whether the upload is complete with it; 415 for an encoded body.
    """
    is_last = dialect.find_complete(request.headers)
    if is_last is None:
        raise Problem("invalid_header", {"header": dialect.completeness, "expected": "?0 or ?1"})
    require_plain(request)
    length, size = find_integer(request.headers, "Upload-Length"), _body_bytes(request)
    if is_last and size is not None:
        if length not in {None, first + size}:
            raise Problem("length_changed", {"length": str(length)})
        length = first + size
    return Offer(first, length, is_last, find_content_digest(request.headers))


def _body_bytes(request: web.Request) -> int | None:
    """Return the length of the request's body, `None` for one that does not tell it before its end."""
    if request.content_length is None and request.can_read_body:
        return None
    return request.content_length or 0
