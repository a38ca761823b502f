"""A whole that is made of parts: where it stands, and how it becomes evidence (tus 1.0.0, Concatenation).

A whole has no bytes before it is joined; its parts keep theirs afterwards. Whoever looks at it, or at a part
of it, asks for it to be joined; who joins it looks at everything again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from gateway.problems import Problem
from gateway.services import Services
from gateway.uploads.admission import promised_extension
from gateway.uploads.completion import SYSTEM, abandon, durable_offset, record_received
from gateway.uploads.metadata import filename_of, parse_metadata
from storage.errors import KeyRevoked, NotFound, StorageFull, UploadBusy
from storage.evidence import Evidence, original_key
from storage.states import EvidenceState
from storage.upload import Upload, UploadState
from storage.uploads import WholePart
from workers.decisions import Ending, lacks_room

_PART_MISSING = Ending(EvidenceState.WITHDRAWN, "part_missing", {})


@dataclass(frozen=True, slots=True)
class Standing:
    """What there is of a whole."""

    #: In their order; `None` for one that was cancelled or has expired.
    parts: tuple[Upload | None, ...]
    #: Bytes from the beginning without a gap.
    offset: int

    @property
    def lost(self) -> bool:
        """Whether it can never be whole."""
        return None in self.parts

    @property
    def length_bytes(self) -> int | None:
        """The sum of the parts' lengths, `None` while one is not known."""
        lengths = [part.length_bytes if part else None for part in self.parts]
        known = [length for length in lengths if length is not None]
        return sum(known) if len(known) == len(lengths) else None

    @property
    def shares(self) -> Sequence[WholePart]:
        """What the upload store must know of the parts."""
        return [WholePart(part.ref, part.length_bytes or 0) for part in self.parts if part]


async def stand(services: Services, whole: Upload) -> Standing:
    """Look where a whole stands. Raises `NotFound` when a part's bytes are gone though its record is not."""
    found = await services.parts.of_whole(whole)
    parts = tuple(found.get(part_id) for part_id in whole.parts)
    return Standing(parts, await _reached(services, parts))


async def _reached(services: Services, parts: Sequence[Upload | None]) -> int:
    total = 0
    for part in parts:
        offset = await durable_offset(services, part) if part else 0
        total += offset
        if part is None or offset != part.length_bytes:
            break
    return total


async def measured(services: Services, whole: Upload, evidence: Evidence) -> tuple[Upload, Evidence]:
    """Return a planned whole and its evidence with the length that its parts announce, if all of them do.

    Raises `Problem`: the same 400 for whatever is no part of this centre's, 413 for too much.
    """
    found = await services.parts.of_whole(whole)
    if any(part_id not in found for part_id in whole.parts):
        raise Problem("parts_not_found")
    standing = Standing(tuple(found[part_id] for part_id in whole.parts), 0)
    promised_extension(evidence.filename, sum(part.size_bytes for part in standing.shares))
    length = standing.length_bytes
    return replace(whole, length_bytes=length), replace(evidence, size_bytes=length)


async def whole_offset(services: Services, whole: Upload) -> int:
    """Return the offset to tell of a whole: all of its length only once it is joined.

    "After successful concatenation, the Upload-Offset and Upload-Length MUST be set and their values MUST be
    equal": a client that sees them equal may cancel the parts, so until then the last byte does not count.
    """
    if whole.state is UploadState.FINISHED:
        return whole.length_bytes or 0
    standing = await stand(services, whole)
    return max(0, standing.offset - (standing.offset == standing.length_bytes))


async def join(services: Services, upload_id: str, actor: str) -> None:
    """Make a whole's original of its parts, once all of their bytes are here; a repetition does nothing.

    One that lost a part, or turns out too large, ends. While there is no room its evidence says so.
    """
    whole = await services.uploads.load(upload_id, None)
    if whole.state is not UploadState.OPEN:
        return
    standing = await stand(services, whole)
    ending = _ending(whole, standing)
    if ending:
        await abandon(services, whole, UploadState.TERMINATED, SYSTEM, ending=ending)
    elif standing.length_bytes is not None:
        await _note_length(services, whole, standing.length_bytes, actor)
        if standing.offset == standing.length_bytes:
            await _join(services, whole, standing, actor)


def _ending(whole: Upload, standing: Standing) -> Ending | None:
    """Return how the whole ends if it can no longer be accepted."""
    if standing.lost:
        return _PART_MISSING
    filename = filename_of(parse_metadata(whole.metadata))
    try:
        promised_extension(filename, standing.length_bytes or standing.offset)
    except Problem as problem:
        return Ending(EvidenceState.REJECTED, problem.code, problem.detail)
    return None


async def _note_length(services: Services, whole: Upload, length_bytes: int, actor: str) -> None:
    if whole.length_bytes is None:
        _, changed = await services.uploads.set_length(whole.id, length_bytes, actor, epoch=whole.epoch)
        if changed:
            await services.queue.follow_up(changed)


async def _join(services: Services, whole: Upload, standing: Standing, actor: str) -> None:
    try:
        await services.space.require(standing.offset)
        size = await services.store.join(whole.ref, standing.shares, original_key(whole.becomes))
        await record_received(services, whole, size, actor)
    except StorageFull:
        await _wait_for_room(services, whole)
    except (UploadBusy, KeyRevoked):  # another process joins it, or somebody else may yet ask for it
        return
    except NotFound:
        if (await services.uploads.load(whole.id, None)).state is UploadState.OPEN:
            raise


async def _wait_for_room(services: Services, whole: Upload) -> None:
    changed = await services.evidence.change(whole.becomes, partial(lacks_room, actor=SYSTEM))
    if changed:
        await services.queue.follow_up(changed)


async def outlives(services: Services, upload: Upload) -> bool:
    """Tell whether an upload past its time is still needed.

    A part as long as an unfinished whole names it, a whole as long as a part of it has time: then the whole
    gets as much.
    """
    if upload.evidence_id is None:
        return bool(await services.parts.open_wholes(upload))
    open_parts = [
        part for part in (await services.parts.of_whole(upload)).values() if part.state is UploadState.OPEN
    ]
    latest = max((part.expires_at for part in open_parts), default=upload.expires_at)
    if latest > upload.expires_at:
        await services.uploads.touch(upload.id, latest)
    return latest > upload.expires_at
