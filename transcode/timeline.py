"""When each frame of a film is shown and where decoding may begin, by its container: nothing is decoded."""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from transcode.arguments import SAFE_INPUT, file_name, tool_limits
from transcode.diagnosis import diagnose
from transcode.errors import DoesNotAddUp, ToolFailed
from transcode.probe import Probe, VideoStream
from transcode.process import run
from transcode.sandbox import Room, SandboxKind, detect, wrap

#: A minute for each 5 GB or so, and a start; without a frame it is killed earlier.
TIMEOUT_SECONDS = 120.0
TIMEOUT_BYTES_PER_SECOND = 20_000_000
STALL_SECONDS = 60.0
#: Nine hours of 30 frames a second, and a length that no film has.
MOST_FRAMES = 1_000_000
MOST_SECONDS = 10 * 86_400


@dataclass(frozen=True, slots=True)
class Timeline:
    """The frames that are shown, in their order: time stamps in ticks after the film's start."""

    #: Length of a tick in seconds.
    time_base: Fraction
    ticks: tuple[int, ...]
    #: Those of `ticks` at which decoding may begin.
    keys: tuple[int, ...]


async def read_timeline(
    source: Path, found: Probe, video: VideoStream, *, kind: SandboxKind | None = None
) -> Timeline:
    """Read every packet's time stamp. Raises `DoesNotAddUp` for a film that cannot be cut by them."""
    room = Room(kind or detect(), source)
    timeout_seconds = TIMEOUT_SECONDS + found.size_bytes / TIMEOUT_BYTES_PER_SECOND
    command = wrap(
        build_command(file_name(room.source_inside), video.index), room, tool_limits(timeout_seconds)
    )
    reader = Reader(found.start_us)
    try:
        await run(
            command, timeout_seconds=timeout_seconds, on_line=reader.on_line, stall_seconds=STALL_SECONDS
        )
    except ToolFailed as error:
        raise diagnose(error) from error
    return reader.timeline()


def build_command(source: str, index: int) -> list[str]:
    """Return ffprobe's arguments for a line for every packet of one stream, and one for the stream."""
    argv = ["ffprobe", "-v", "error", "-of", "compact", "-select_streams", str(index),
            "-show_entries", "packet=pts,flags:stream=time_base"]  # fmt: skip
    for option, value in SAFE_INPUT.items():
        argv += [f"-{option}", value]
    return [*argv, "-i", source]


@dataclass(slots=True)
class Reader:
    """Gathers ffprobe's lines. `start_us`: the time stamp that stands for the film's beginning."""

    start_us: int
    _frames: list[tuple[int, bool]] = field(default_factory=list)
    _time_base: Fraction | None = None

    def on_line(self, line: str) -> bool:
        """Take one line; every one of them is progress. Raises `DoesNotAddUp`."""
        section, *pairs = line.strip().split("|")
        values = dict(pair.partition("=")[::2] for pair in pairs)
        if section == "packet":
            self._add(values.get("pts", ""), values.get("flags", ""))
        elif section == "stream":
            self._time_base = _fraction(values.get("time_base", ""))
        return True

    def timeline(self) -> Timeline:
        """Return what was gathered, shifted to the film's beginning as ffmpeg shifts it."""
        if not self._time_base or not self._frames:
            raise DoesNotAddUp("its frames have no times")
        shift = nearest(Fraction(-self.start_us, 1_000_000) / self._time_base)
        frames = sorted((tick + shift, key) for tick, key in self._frames)
        if max(abs(frames[0][0]), abs(frames[-1][0])) * self._time_base > MOST_SECONDS:
            raise DoesNotAddUp("its frames are shown at times that no film has")
        return Timeline(
            self._time_base, tuple(tick for tick, _ in frames), tuple(tick for tick, key in frames if key)
        )

    def _add(self, pts: str, flags: str) -> None:
        if not pts.removeprefix("-").isdecimal() or len(self._frames) >= MOST_FRAMES:
            raise DoesNotAddUp("not every frame has a time, or there are too many")
        if "D" not in flags:  # what an edit list cuts away is never shown
            self._frames.append((int(pts), "K" in flags))


def nearest(value: Fraction) -> int:
    """Return the nearest whole number, halves away from zero, as ffmpeg rounds time stamps."""
    whole = int(abs(value) + Fraction(1, 2))
    return whole if value >= 0 else -whole


def _fraction(text: str) -> Fraction | None:
    above, _, below = text.partition("/")
    whole = above.isdecimal() and below.isdecimal() and int(below) > 0
    return Fraction(int(above), int(below)) if whole else None
