"""Request headers of tus 1.0.0, parsed strictly."""

import re

from aiohttp import hdrs, web
from multidict import CIMultiDictProxy

from gateway.problems import Problem
from gateway.tus.protocol import OFFSET_TYPE, VERSION
from gateway.uploads.encoding import require_plain

#: Most digits of a number: every such number fits everywhere it goes.
NUMBER_DIGITS = 18

_NUMBER = re.compile(rf"\d{{1,{NUMBER_DIGITS}}}", re.ASCII)


def require_version(request: web.Request) -> None:
    """Raise `Problem` (412) unless the request speaks tus 1.0.0.

    "If the version specified by the Client is not supported by the Server, it MUST respond with the
    412 Precondition Failed status and MUST include the Tus-Version header into the response."
    """
    if request.headers.get("Tus-Resumable") != VERSION:
        raise Problem("tus_version", headers={"Tus-Version": VERSION})


def parse_number(headers: CIMultiDictProxy[str], name: str) -> int | None:
    """Return a header's non-negative integer, or `None` without the header; raises `Problem` (400)."""
    values = headers.getall(name, [])
    if not values:
        return None
    if len(values) > 1 or not _NUMBER.fullmatch(values[0]):
        raise Problem("invalid_header", {"header": name, "expected": "one non-negative whole number"})
    return int(values[0])


def require_number(headers: CIMultiDictProxy[str], name: str) -> int:
    """Return a header's non-negative integer; raises `Problem` (400) when it is missing or malformed."""
    number = parse_number(headers, name)
    if number is None:
        raise Problem("invalid_header", {"header": name, "expected": "a non-negative whole number"})
    return number


def require_upload_bytes(request: web.Request) -> None:
    """Raise `Problem` (415) unless the body is announced as upload bytes, and as they are."""
    if request.headers.get(hdrs.CONTENT_TYPE, "").partition(";")[0].strip().lower() != OFFSET_TYPE:
        raise Problem("media_type", {"expected": OFFSET_TYPE})
    require_plain(request)
