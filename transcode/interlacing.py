"""Whether a picture is interlaced: by its marks, and by what a sample of it shows.

Cameras mark whole frames as interlaced, and old tools leave fields unmarked. Only what shows two moments in a
frame is deinterlaced; a whole frame is never touched.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from transcode.arguments import SAFE_INPUT, file_name, tool_limits
from transcode.errors import ToolFailed
from transcode.probe import Probe, VideoStream
from transcode.process import run
from transcode.sandbox import Room, SandboxKind, detect, wrap

TIMEOUT_SECONDS = 120.0
#: The sample is taken this far into the film: openings are often still.
SHARE = 0.2
FRAMES = 150
#: A sample with fewer frames that tell says nothing.
LEAST_FRAMES = 8
#: Share of frames with two moments from which the marks are believed, and from which no marks are needed.
MARKED_SHARE = 0.2
UNMARKED_SHARE = 0.5
#: Codecs that can hold two moments in a frame and do not always say so.
UNCERTAIN = frozenset({"mpeg4", "msmpeg4v3", "mjpeg", "dvvideo", "rawvideo", "prores", "dnxhd", "mpeg2video"})
_COUNTS = re.compile(r"Multi frame detection:\s*TFF:\s*(\d+)\s*BFF:\s*(\d+)\s*Progressive:\s*(\d+)")


@dataclass(frozen=True, slots=True)
class Sample:
    """Frames of two moments, by which field comes first, and of one; undecided ones are not counted."""

    top_first: int = 0
    bottom_first: int = 0
    whole: int = 0

    @property
    def decided(self) -> int:
        """How many frames told."""
        return self.top_first + self.bottom_first + self.whole

    @property
    def share(self) -> float:
        """Part of them that shows two moments; fine lines seem to, but with no field always first."""
        return abs(self.top_first - self.bottom_first) / self.decided if self.decided else 0.0


async def look(source: Path, found: Probe, *, kind: SandboxKind | None = None) -> Probe:
    """Return the probe with the picture's fields as a sample shows them. Raises `ToolError`."""
    video = found.video
    if video is None or not (video.marked_interlaced or video.codec in UNCERTAIN):
        return found
    for second in ((found.duration_seconds or 0.0) * SHARE, 0.0):
        sample = await _sample(Room(kind or detect(), source), video, second)
        if sample.decided >= LEAST_FRAMES:
            break
    return replace(found, video=replace(video, fields=decide(video.marked_interlaced, sample)))


async def _sample(room: Room, video: VideoStream, second: float) -> Sample:
    """Look at frames from `second` on; what cannot be read is told when all of it is decoded."""
    argv = build_command(file_name(room.source_inside), video, second)
    try:
        finished = await run(wrap(argv, room, tool_limits(TIMEOUT_SECONDS)), timeout_seconds=TIMEOUT_SECONDS)
    except ToolFailed:
        return Sample()
    return parse_sample(finished.stderr_tail)


def decide(marked: bool, sample: Sample) -> str | None:
    """Return the fields' order, `auto` by the frames' marks; `None`: the frames are whole."""
    if sample.decided < LEAST_FRAMES:
        return "auto" if marked else None
    if marked:
        return "auto" if sample.share >= MARKED_SHARE else None
    if sample.share < UNMARKED_SHARE:
        return None
    return "tff" if sample.top_first >= sample.bottom_first else "bff"


def parse_sample(said: str) -> Sample:
    """Read the last summary of ffmpeg's `idet`; without one, nothing was decided."""
    found = _COUNTS.findall(said)
    return Sample(*map(int, found[-1])) if found else Sample()


def build_command(source: str, video: VideoStream, second: float) -> list[str]:
    """Return ffmpeg's arguments for a sample from `second` on."""
    safe: Mapping[str, str] = SAFE_INPUT
    argv = ["ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-loglevel", "info", "-ss", f"{second:.3f}"]
    for option, value in safe.items():
        argv += [f"-{option}", value]
    argv += ["-i", source, "-map", f"0:{video.index}", "-filter:v", "idet"]
    return [*argv, "-frames:v", str(FRAMES), "-f", "null", "-"]
