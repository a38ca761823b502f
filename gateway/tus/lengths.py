"""How long an upload is: announced at its creation, or later (tus 1.0.0, Creation Defer Length)."""

from multidict import CIMultiDictProxy

from gateway.problems import Problem
from gateway.tus.headers import parse_number


def parse_length(headers: CIMultiDictProxy[str], *, of_whole: bool) -> int | None:
    """Return the length that a creation announces in bytes, `None` for one that is deferred or a whole's.

    Exactly one of the two is sent, but with a whole neither: "The Client MUST NOT include the Upload-Length
    header in the final upload creation." Raises `Problem` (400).
    """
    length = parse_number(headers, "Upload-Length")
    deferred = headers.getall("Upload-Defer-Length", [])
    if of_whole and (deferred or length is not None):
        problem = "A whole is as long as its parts: it is sent without Upload-Length and Upload-Defer-Length."
        raise Problem("bad_request", {"problem": problem})
    if deferred not in ([], ["1"]):
        raise Problem("invalid_header", {"header": "Upload-Defer-Length", "expected": "1"})
    if not of_whole and bool(deferred) == (length is not None):
        expected = "a non-negative whole number, or Upload-Defer-Length: 1 in its place"
        raise Problem("invalid_header", {"header": "Upload-Length", "expected": expected})
    return length
