"""The work of a film's segments: encode a stretch of the picture or the sound, and join them all.

The encoded segments lie in the blob store until they are joined, so that any machine can join them. Here
nobody accuses the film: what does not add up has it encoded whole, and that decides.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from uuid6 import uuid7

from config.profiles import load_profiles
from storage.digests import sha256_file
from storage.evidence import Evidence, segment_key
from storage.segment import Segment, SegmentWork
from storage.states import StageName
from transcode import joining
from transcode.encoding import Encoded, encode_picture, encode_sound
from transcode.errors import DoesNotAddUp, TooLarge
from transcode.film import Film
from transcode.joining import Pieces
from transcode.progress import OnProgress
from transcode.scratch import open_folder
from workers.context import Context
from workers.segmenting import FORMER, JOINED_BYTES, PROFILE, WHOLE, MadeSegment, doubted, encoded, joined
from workers.tasks.cutting import cut_of
from workers.tasks.finding import Finding, Work
from workers.tasks.opening import open_film
from workers.tasks.reporting import reporting
from workers.tasks.sweeping import new_blob_id
from workers.tasks.transcode import publish_copy

_STAGE = StageName.TRANSCODE

#: Does one kind of segment: the film, the segment, a private folder, and whom to tell how far it is.
_Maker = Callable[[Context, Evidence, Segment, Film, Path, OnProgress], Awaitable[Finding]]


def segment_work(number: int) -> Work:
    """Return the work of the segment of that number."""
    return partial(_work, number=number)


async def _work(context: Context, evidence: Evidence, *, number: int) -> Finding:
    """Do one segment. Raises `SourceRefused`, `ToolError`, `StorageError`."""
    segment = evidence.segment(number)
    if segment is None:
        raise ValueError("a segment is due that there is not")
    cut_by = evidence.facts.get(PROFILE, FORMER)
    profile = load_profiles().video.get(cut_by)
    if profile is None:
        return _doubt(DoesNotAddUp(f"it was cut by the profile {cut_by}, which is not known here"))
    async with (
        open_film(context, evidence, profile) as film,
        open_folder(context.settings.scratch) as folder,
        _telling(context, evidence, segment) as tell,
    ):
        try:
            return await _MAKERS[segment.work](context, evidence, segment, film, folder, tell)
        except DoesNotAddUp as error:
            return _doubt(error)


def _doubt(error: DoesNotAddUp) -> Finding:
    size = {JOINED_BYTES: error.size_bytes} if isinstance(error, TooLarge) else {}
    facts: dict[str, Any] = {WHOLE: str(error), **size}
    return Finding(lambda now, run: doubted(now, run, facts))


@asynccontextmanager
async def _telling(context: Context, evidence: Evidence, segment: Segment) -> AsyncIterator[OnProgress]:
    """Give what takes a segment's progress: as the share of the stage that is done, beside the others'."""
    done = {other.number: other.share for other in evidence.segments if other.blob_id}

    async def report(fraction: float, _: float | None) -> None:
        shares = {**done, segment.number: segment.share * fraction}
        await context.queue.report_segments(evidence, _STAGE, shares)

    await report(0.0, None)
    async with reporting(report) as tell:
        yield tell
        await report(1.0, None)


async def _picture(
    context: Context, evidence: Evidence, segment: Segment, film: Film, folder: Path, tell: OnProgress
) -> Finding:
    return await _keep(context, evidence, segment, await encode_picture(film, cut_of(segment), folder, tell))


async def _sound(
    context: Context, evidence: Evidence, segment: Segment, film: Film, folder: Path, tell: OnProgress
) -> Finding:
    return await _keep(context, evidence, segment, await encode_sound(film, folder, tell))


async def _keep(context: Context, evidence: Evidence, segment: Segment, file: Encoded) -> Finding:
    """Store what was encoded under a key of its own, as renditions are."""
    made = MadeSegment(
        blob_id=new_blob_id(segment.attempt, str(uuid7())),
        sha256=await sha256_file(file.path),
        complaints=file.complaints,
        frames=file.frames,
        parameters_sha256=file.parameters_sha256,
        command=file.command,
    )
    key = segment_key(evidence.id, made.blob_id)
    await context.blobs.publish(key, file.path)
    return Finding(lambda now, run: encoded(now, run, made), (key,))


async def _join(
    context: Context, evidence: Evidence, _: Segment, film: Film, folder: Path, tell: OnProgress
) -> Finding:
    async with AsyncExitStack() as stack:
        pieces = await _pieces(context, evidence, stack)
        inputs = await stack.enter_async_context(open_folder(context.settings.scratch))
        made = await joining.join(film, pieces, inputs, folder, tell)
        return await publish_copy(context, evidence, film, made, joined)


async def _pieces(context: Context, evidence: Evidence, stack: AsyncExitStack) -> Pieces:
    """Open what was made of every segment."""
    pictures: dict[int, Path] = {}
    sound: Path | None = None
    made = [segment for segment in evidence.segments if segment.blob_id]
    for segment in made:
        key = segment_key(evidence.id, segment.blob_id or "")
        path = await stack.enter_async_context(context.blobs.open_local(key, segment.sha256))
        if segment.work is SegmentWork.SOUND:
            sound = path
        else:
            pictures[segment.first_tick] = path
    if len({each.parameters_sha256 for each in made if each.work is SegmentWork.PICTURE}) > 1:
        raise DoesNotAddUp("segments were encoded in different ways")
    frames, complaints = sum(each.frames for each in made), sum(each.complaints for each in made)
    return Pieces(pictures, sound, frames, complaints)


_MAKERS: dict[SegmentWork, _Maker] = {
    SegmentWork.PICTURE: _picture,
    SegmentWork.SOUND: _sound,
    SegmentWork.JOIN: _join,
}
