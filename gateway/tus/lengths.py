"""How long an upload is: announced at its creation, or later (tus 1.0.0, Creation Defer Length)."""

from dataclasses import replace

from aiohttp import web
from multidict import CIMultiDictProxy

from gateway.keys import PRINCIPAL, SERVICES
from gateway.problems import Problem
from gateway.tus.headers import parse_number
from gateway.uploads.admission import accepted_bytes, promised_extension, too_large
from gateway.uploads.metadata import filename_of, parse_metadata
from storage.upload import Upload


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


def announced_length(request: web.Request, upload: Upload) -> int | None:
    """Return the upload's length in bytes as it is known with this request's headers, `None` while it is not.

    "Once it is set the Client MUST NOT change it." Raises `Problem` (400).
    """
    announced = parse_number(request.headers, "Upload-Length")
    if announced is not None and upload.length_bytes not in {None, announced}:
        raise Problem("length_changed", {"length": str(upload.length_bytes)})
    return upload.length_bytes if announced is None else announced


async def settle_length(request: web.Request, held: Upload, offset: int) -> Upload:
    """Record a deferred length that this request announces, and return the upload as it is known then.

    To be called by the upload's one sender, with its offset. Raises `Problem` before a byte is read: 400 for
    a length that changes or is below what has arrived (409 would have clients ask for the offset and repeat
    it), 413 for more than can be accepted, 507 when there is no room for what is announced.
    """
    services = request.app[SERVICES]
    if held.length_bytes is not None:
        return held
    length = announced_length(request, held)
    if length is None:
        return held
    if length < offset:
        raise below_offset(length, offset)
    promised_extension(_bound_name(held), length)
    await services.space.require(length - offset)
    known, changed = await services.uploads.set_length(held.id, length, request[PRINCIPAL].id)
    if changed:
        await services.queue.follow_up(changed)
    announced_length(request, known)
    return replace(held, length_bytes=known.length_bytes)


def below_offset(length: int, offset: int) -> Problem:
    """Return the 400 for a length below what has arrived."""
    return Problem("length_below_offset", {"length": str(length), "offset": str(offset)})


def limit_bytes(upload: Upload) -> int:
    """Return the most that the upload may hold: its length, else what can be accepted for its name."""
    if upload.length_bytes is not None:
        return upload.length_bytes
    return accepted_bytes(promised_extension(_bound_name(upload), 0))


def beyond(upload: Upload, size_bytes: int) -> Problem:
    """Return the 413 for more bytes than the limit."""
    if upload.length_bytes is not None:
        return Problem("body_too_long", {"length": str(upload.length_bytes)})
    return too_large(promised_extension(_bound_name(upload), 0), size_bytes)


def _bound_name(upload: Upload) -> str | None:
    """Return the name that binds the upload's content; a part's is its whole's."""
    return None if upload.evidence_id is None else filename_of(parse_metadata(upload.metadata))
