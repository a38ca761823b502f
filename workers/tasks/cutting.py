"""Cut a long film into the segments that workers share."""

from collections.abc import Iterator, Sequence

import structlog

from config.settings import Settings
from storage.evidence import Evidence
from storage.segment import Segment, SegmentWork
from transcode.errors import ToolError
from transcode.film import Film
from transcode.segments import Cut, cut, has_companion, is_long
from transcode.timeline import read_timeline
from workers.segmenting import WHOLE

#: Shares of the whole work that sound and joining take, whatever the film.
_SOUND_SHARE = 0.02
_JOIN_SHARE = 0.02

_log = structlog.get_logger()


async def cut_film(settings: Settings, evidence: Evidence, film: Film) -> tuple[Segment, ...]:
    """Return the segments of a long film; none for one that is encoded whole, whatever hinders cutting it."""
    seconds, video = settings.segment_seconds, film.found.video
    if video is None or WHOLE in evidence.facts or not is_long(film.found, film.plan, seconds):
        return ()
    try:
        timeline = await read_timeline(film.source, film.found, video)
    except ToolError as error:
        _log.info("encoded_whole", reason=str(error))
        return ()
    cuts = cut(timeline, film.plan.frame_rate, seconds)
    if video.frames not in {None, len(timeline.ticks)}:
        _log.info("encoded_whole", reason="its index names other frames than it holds")
        return ()
    return tuple(_segments(cuts, has_companion(film.found, film.plan))) if cuts else ()


def cut_of(segment: Segment) -> Cut:
    """Return the stretch that a segment of the picture stands for."""
    return Cut(segment.first_tick, segment.end_tick, segment.seek_us, segment.frames)


def _segments(cuts: Sequence[Cut], sound: bool) -> Iterator[Segment]:
    frames = sum(part.frames for part in cuts)
    pictures = 1 - _JOIN_SHARE - (_SOUND_SHARE if sound else 0)
    for number, part in enumerate(cuts):
        share = pictures * part.frames / frames
        yield Segment(
            number,
            SegmentWork.PICTURE,
            share,
            first_tick=part.first_tick,
            end_tick=part.end_tick,
            seek_us=part.seek_us,
            frames=part.frames,
        )
    if sound:
        yield Segment(len(cuts), SegmentWork.SOUND, _SOUND_SHARE)
    yield Segment(len(cuts) + sound, SegmentWork.JOIN, _JOIN_SHARE)
