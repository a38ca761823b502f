"""How long an upload is: known from its creation, or later; never changed once it is known."""

from dataclasses import replace
from functools import partial

from gateway.problems import Problem
from gateway.services import Services
from gateway.uploads.admission import accepted_bytes, promised_extension, require_bytes, too_large
from gateway.uploads.metadata import filename_of, parse_metadata
from storage.upload import Upload


def agreed_length(upload: Upload, announced: int | None) -> int | None:
    """Return the upload's length in bytes as it is known with what is announced, `None` while it is not.

    Raises `Problem` (400) when that is another length than before.
    """
    if announced is not None and upload.length_bytes not in {None, announced}:
        raise length_changed(upload)
    return upload.length_bytes if announced is None else announced


async def settle_length(
    services: Services, actor: str, held: Upload, offset: int, announced: int | None
) -> Upload:
    """Record a length that is announced only now, and return the upload as it is known then.

    To be called by the upload's one sender, with its offset. Raises `Problem`: 400 for a length that changes
    or is below what has arrived (409 would have clients ask for the offset and repeat it), 413 for more than
    can be accepted, 429 or 503 for more than may be open unless all of it is here, 507 when there is no room.
    """
    length = agreed_length(held, announced)
    if length is None or held.length_bytes is not None:
        return held
    if length < offset:
        raise below_offset(length, offset)
    promised_extension(bound_name(held), length)
    await services.space.require(length - offset)
    allow = partial(require_bytes, services.settings, length) if length > offset else None
    known, changed = await services.uploads.set_length(held.id, length, actor, epoch=held.epoch, allow=allow)
    if changed:
        await services.queue.follow_up(changed)
    agreed_length(known, length)
    return replace(held, length_bytes=known.length_bytes)


def length_changed(upload: Upload) -> Problem:
    """Return the 400 for another length than was announced before."""
    return Problem("length_changed", {"length": str(upload.length_bytes)})


def below_offset(length: int, offset: int) -> Problem:
    """Return the 400 for a length below what has arrived."""
    return Problem("length_below_offset", {"length": str(length), "offset": str(offset)})


def limit_bytes(upload: Upload) -> int:
    """Return the most that the upload may hold: its length, else what can be accepted for its name."""
    if upload.length_bytes is not None:
        return upload.length_bytes
    return largest_bytes(upload)


def largest_bytes(upload: Upload) -> int:
    """Return the most that can be accepted for the upload's name, whatever was announced."""
    return accepted_bytes(promised_extension(bound_name(upload), 0))


def beyond(upload: Upload, size_bytes: int) -> Problem:
    """Return the 413 for more bytes than the limit."""
    if upload.length_bytes is not None:
        return Problem("body_too_long", {"length": str(upload.length_bytes)})
    return too_large(promised_extension(bound_name(upload), 0), size_bytes)


def bound_name(upload: Upload) -> str | None:
    """Return the name that binds the upload's content; a part's is its whole's."""
    return None if upload.evidence_id is None else filename_of(parse_metadata(upload.metadata))
