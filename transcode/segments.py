"""Where a long film is cut, and the command lines that encode its segments and join them. No I/O.

A cut lies at a frame of the source at which decoding may begin, so that opening the film there costs next to
nothing; what is cut are decoded frames by their own time stamps, so it does not matter what the decoder needs
before and after them. Every segment begins with a closed group of pictures and none refers to another.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

import ffmpeg

from config.profiles import VideoProfile
from transcode.arguments import SAFE_INPUT
from transcode.plan import Container, Plan, Treatment
from transcode.probe import Probe, VideoStream
from transcode.timeline import Timeline, nearest
from transcode.video import MUXERS, TICKS, build_command, compile_command, picture_options

#: Containers in which ffmpeg finds the frame at a time stamp without reading up to it.
SEEKABLE = frozenset({"mov", "matroska"})
#: Fewer are not worth it; more would only make the record large.
LEAST_SEGMENTS = 3
MOST_SEGMENTS = 200
#: The end of frames that are dropped to a lower rate depends on how long the last one is shown.
LAST_SLACK = 2
_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Cut:
    """One stretch of the picture: in ticks of the rendition, the end exclusive; `None`: to the film's end."""

    first_tick: int
    end_tick: int | None
    #: Where the source is opened, in microseconds after its start.
    seek_us: int
    #: Frames that must come out of it.
    frames: int


def is_long(found: Probe, plan: Plan, segment_seconds: float) -> bool:
    """Tell whether the film should be cut."""
    long_enough = (found.duration_seconds or 0.0) >= LEAST_SEGMENTS * segment_seconds
    cuttable = found.format_name in SEEKABLE and (has_companion(found, plan) or not found.chapters)
    return plan.video is Treatment.TRANSCODE and cuttable and long_enough


def has_companion(found: Probe, plan: Plan) -> bool:
    """Tell whether there is anything beside the picture: chapters travel with it, too."""
    return plan.audio is not Treatment.NONE or bool(found.captions)


def cut(timeline: Timeline, frame_rate: Fraction | None, segment_seconds: float) -> tuple[Cut, ...]:
    """Return the stretches of at least so many seconds; none when there are too few places to cut at.

    `frame_rate`: what frames are dropped to, `None`: they stay as they are.
    """
    total = (timeline.ticks[-1] - timeline.ticks[0]) * timeline.time_base
    length = max(Fraction(segment_seconds), total / MOST_SEGMENTS) / timeline.time_base
    starts = _starts(timeline, length)
    if len(starts) < LEAST_SEGMENTS:
        return ()
    ends = [*starts[1:], None]
    return tuple(_cut(timeline, frame_rate, start, end) for start, end in zip(starts, ends, strict=True))


def _starts(timeline: Timeline, length: Fraction) -> list[int]:
    """Return where segments begin: no stretch is shorter than half of `length`."""
    starts = [timeline.ticks[0]]
    for key in timeline.keys:
        if key - starts[-1] >= length and timeline.ticks[-1] - key >= length / 2:
            starts.append(key)
    return starts


def _cut(timeline: Timeline, frame_rate: Fraction | None, start: int, end: int | None) -> Cut:
    first, last = _position(timeline, frame_rate, start), timeline.ticks[-1] + 1
    return Cut(
        first_tick=first,
        end_tick=None if end is None else _position(timeline, frame_rate, end),
        seek_us=nearest(start * timeline.time_base * _US),
        frames=_frames(timeline, frame_rate, start, last if end is None else end),
    )


def _position(timeline: Timeline, frame_rate: Fraction | None, tick: int) -> int:
    """Return where a frame of the source comes out: dropped to a rate, on that rate's grid."""
    seconds = tick * timeline.time_base
    if frame_rate:
        seconds = nearest(seconds * frame_rate) / frame_rate
    return nearest(seconds * TICKS)


def _frames(timeline: Timeline, frame_rate: Fraction | None, start: int, end: int) -> int:
    if frame_rate is None:
        return bisect_left(timeline.ticks, end) - bisect_left(timeline.ticks, start)
    first, last = (nearest(tick * timeline.time_base * frame_rate) for tick in (start, end))
    return last - first


def picture_command(
    source: str, target: str, found: Probe, video: VideoStream, plan: Plan, profile: VideoProfile, part: Cut
) -> list[str]:
    """Return ffmpeg's arguments for one stretch, which begins at time 0 in what is made.

    The source keeps its own times, moved as ffmpeg moves those of a film that is encoded whole; a seek lands
    at or before the cut, and the filter drops what is not of the stretch.
    """
    seek = {"ss": f"{part.seek_us}us"} if part.seek_us > 0 else {}
    opened = ffmpeg.input(
        source, **SAFE_INPUT, noaccurate_seek=None, itsoffset=f"{-found.start_us}us", **seek
    )
    options = picture_options(video, plan, profile)
    end = "" if part.end_tick is None else f":end_pts={part.end_tick}"
    trim = f"settb=1/{TICKS},trim=start_pts={part.first_tick}{end},setpts=PTS-{part.first_tick}"
    options |= {"filter:v": f"{options['filter:v']},{trim}", "f": MUXERS[plan.container][0]}
    output = ffmpeg.output(opened[str(video.index)], target, **options, map_metadata=-1, map_chapters=-1)
    return compile_command(output, "-copyts")


def sound_command(source: str, target: str, found: Probe, plan: Plan, profile: VideoProfile) -> list[str]:
    """Return ffmpeg's arguments for all but the picture: sound as the plan says, captions, chapters."""
    only_sound = replace(plan, video=Treatment.NONE, container=Container.MP4, mean_bit_rate=None)
    return build_command(source, target, found, only_sound, profile)


def join_command(pictures: str, sound: str | None, target: str, first_tick: int) -> list[str]:
    """Return ffmpeg's arguments that put everything together as it is, the index in front.

    `pictures` is a list by `format_list`, whose first frame is shown at `first_tick`.
    """
    own = {"protocol_whitelist": "file", "format_whitelist": "concat,mov"}
    listed = ffmpeg.input(
        pictures, **own, f="concat", auto_convert=0, itsoffset=f"{_microseconds(first_tick)}us"
    )
    heard = ffmpeg.input(sound, **own) if sound else None
    streams = [listed["v:0"], *([heard["a?"], heard["s?"]] if heard else [])]
    options = {"c": "copy", "f": "mp4", "movflags": "+faststart", "map_metadata:g": -1}
    return compile_command(ffmpeg.output(*streams, target, **options), "-copyts")


def format_list(names: Sequence[str], first_ticks: Sequence[int]) -> str:
    """Return a list for ffmpeg's concat demuxer: each file is placed at its own tick, to the microsecond."""
    return "\n".join(["ffconcat version 1.0", *_lines(names, first_ticks)]) + "\n"


def _lines(names: Sequence[str], first_ticks: Sequence[int]) -> Iterator[str]:
    places = [_microseconds(tick) for tick in first_ticks]
    for name, (place, following) in zip(names[:-1], pairwise(places), strict=True):
        yield f"file {name}"
        yield f"duration {following - place}us"
    yield f"file {names[-1]}"


def _microseconds(tick: int) -> int:
    return nearest(Fraction(tick * _US, TICKS))
