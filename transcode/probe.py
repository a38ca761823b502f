"""What a film or a recording holds, as ffprobe sees it."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from transcode.arguments import SAFE_INPUT, file_name, tool_limits
from transcode.captured import noted_in_tags
from transcode.diagnosis import diagnose
from transcode.errors import ToolFailed
from transcode.process import run
from transcode.sandbox import Room, SandboxKind, detect, wrap

TIMEOUT_SECONDS = 120.0
#: What ffprobe warns when it guesses a length.
ESTIMATED = "Estimating duration from bitrate"
INTERLACED = frozenset({"tt", "bb", "tb", "bt"})
#: Captions that are text; the others are pictures.
CAPTIONS = frozenset({"mov_text", "subrip", "ass", "ssa", "webvtt", "text"})
#: So long may captions go on when picture and sound have ended.
AFTERWORD_SECONDS = 10.0
#: More tracks of sound, or of captions, are nobody's.
MOST_TRACKS = 16
#: ffprobe's name of what nobody can decode, such as a phone's spatial sound beside the usual track.
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class VideoStream:
    """The moving picture; cover art does not count. `None`: the file does not say."""

    index: int
    codec: str
    #: Stored size in pixels, before rotation and pixel shape.
    width: int
    height: int
    #: Degrees clockwise that a player turns it.
    rotation: int = 0
    #: Width of a pixel divided by its height.
    pixel_aspect: Fraction = Fraction(1)
    frame_rate: Fraction | None = None
    frames: int | None = None
    duration_seconds: float | None = None
    bit_rate: int | None = None
    pixel_format: str | None = None
    color_transfer: str | None = None
    #: When it begins, on the file's clock.
    start_seconds: float = 0.0
    #: The file marks its frames as interlaced.
    marked_interlaced: bool = False
    #: Order of the fields of frames that are to be deinterlaced: `auto` by their marks, `tff`, `bff`.
    fields: str | None = None
    #: Hash of what a decoder must know before the first frame.
    parameters_sha256: str = ""

    @property
    def interlaced(self) -> bool:
        """Whether a frame holds two moments."""
        return self.fields is not None

    @property
    def display_size(self) -> tuple[int, int]:
        """Width and height as seen: upright, in square pixels."""
        width, height = round(self.width * self.pixel_aspect), self.height
        return (height, width) if self.rotation % 180 else (width, height)


@dataclass(frozen=True, slots=True)
class AudioStream:
    """A sound track."""

    index: int
    codec: str
    channels: int | None = None
    sample_rate: int | None = None
    duration_seconds: float | None = None
    bit_rate: int | None = None
    #: When it begins, on the file's clock.
    start_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class CaptionStream:
    """Captions as text."""

    index: int
    #: ISO 639-2; `None`: the file does not say.
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """A film or a recording."""

    #: The first of ffmpeg's names for the container: `mov`, `matroska`, `mp3`…
    format_name: str
    size_bytes: int
    duration_seconds: float | None
    #: The file does not state its length; it was guessed from size and bit rate.
    duration_estimated: bool
    bit_rate: int | None
    video: VideoStream | None
    #: The first track that can be read.
    audio: AudioStream | None
    #: Version of the tools that saw it.
    version: str
    #: The tracks after the first: of further microphones, or in other languages.
    further_audio: tuple[AudioStream, ...] = ()
    captions: tuple[CaptionStream, ...] = ()
    chapters: int = 0
    #: What its device noted, as `transcode.captured` says it.
    noted: Mapping[str, Any] = field(default_factory=dict)
    #: Time stamp that stands for its beginning, in microseconds.
    start_us: int = 0


async def probe(path: Path, *, kind: SandboxKind | None = None) -> Probe:
    """Look into the file, sandboxed; raises `SourceDamaged`, `SourceRefused` or another `ToolError`."""
    room = Room(kind or detect(), source=path)
    argv = [
        "ffprobe",
        "-v",
        "warning",
        "-of",
        "json",
        "-show_format",
        "-show_streams",
        "-show_chapters",
        "-show_program_version",
        "-show_data_hash",
        "sha256",
    ]
    for option, value in SAFE_INPUT.items():
        argv += [f"-{option}", value]
    command = wrap([*argv, "-i", file_name(room.source_inside)], room, tool_limits(TIMEOUT_SECONDS))
    try:
        finished = await run(command, timeout_seconds=TIMEOUT_SECONDS)
    except ToolFailed as error:
        raise diagnose(error) from error
    return parse_probe(json.loads(finished.stdout), estimated=ESTIMATED in finished.stderr_tail)


def parse_probe(found: Mapping[str, Any], *, estimated: bool = False) -> Probe:
    """Read ffprobe's JSON (`-show_format -show_streams -show_chapters -show_program_version`)."""
    form, streams = found.get("format", {}), found.get("streams", [])
    first, *further = _audible(streams) or (None,)
    return Probe(
        format_name=str(form.get("format_name", "")).partition(",")[0],
        size_bytes=_whole(form.get("size")) or 0,
        duration_seconds=_seconds(form.get("duration")),
        duration_estimated=estimated,
        bit_rate=_whole(form.get("bit_rate")),
        video=next((_video(stream) for stream in streams if _is_film(stream)), None),
        audio=first,
        version=str(found.get("program_version", {}).get("version", "")),
        further_audio=tuple(track for track in further if track)[: MOST_TRACKS - 1],
        captions=_captions(streams),
        chapters=len(found.get("chapters", ())),
        noted=noted_in_tags(form.get("tags", {})),
        start_us=parse_microseconds(form.get("start_time")),
    )


def _is_film(stream: Mapping[str, Any]) -> bool:
    return stream.get("codec_type") == "video" and not stream.get("disposition", {}).get("attached_pic")


def _video(stream: Mapping[str, Any]) -> VideoStream:
    return VideoStream(
        index=int(stream["index"]),
        codec=str(stream.get("codec_name", UNKNOWN)),
        width=_whole(stream.get("width")) or 0,
        height=_whole(stream.get("height")) or 0,
        rotation=_rotation(stream.get("side_data_list", ())),
        pixel_aspect=_ratio(stream.get("sample_aspect_ratio"), ":") or Fraction(1),
        frame_rate=_ratio(stream.get("avg_frame_rate"), "/"),
        frames=_whole(stream.get("nb_frames")),
        duration_seconds=_duration(stream),
        bit_rate=_whole(stream.get("bit_rate")),
        pixel_format=stream.get("pix_fmt"),
        color_transfer=stream.get("color_transfer"),
        start_seconds=_seconds(stream.get("start_time")) or 0.0,
        marked_interlaced=stream.get("field_order") in INTERLACED,
        fields="auto" if stream.get("field_order") in INTERLACED else None,
        parameters_sha256=str(stream.get("extradata_hash", "")),
    )


def _audio(stream: Mapping[str, Any]) -> AudioStream:
    return AudioStream(
        index=int(stream["index"]),
        codec=str(stream.get("codec_name", UNKNOWN)),
        channels=_whole(stream.get("channels")),
        sample_rate=_whole(stream.get("sample_rate")),
        duration_seconds=_duration(stream),
        bit_rate=_whole(stream.get("bit_rate")),
        start_seconds=_seconds(stream.get("start_time")) or 0.0,
    )


def _audible(streams: Sequence[Mapping[str, Any]]) -> list[AudioStream]:
    """Return the tracks that can be decoded; if there is none, all, so that the file is not called silent."""
    tracks = [_audio(stream) for stream in streams if stream.get("codec_type") == "audio"]
    return [track for track in tracks if track.codec != UNKNOWN] or tracks


def _captions(streams: Sequence[Mapping[str, Any]]) -> tuple[CaptionStream, ...]:
    """Return the tracks of text; what goes on long after picture and sound would make it longer."""
    tracks = [stream for stream in streams if stream.get("codec_name") in CAPTIONS]
    ends = [_duration(stream) or 0.0 for stream in streams if stream.get("codec_type") in {"video", "audio"}]
    last = max(ends, default=0.0) or float("inf")
    fitting = [stream for stream in tracks if (_duration(stream) or 0.0) <= last + AFTERWORD_SECONDS]
    return tuple(map(_caption, fitting[:MOST_TRACKS]))


def _caption(stream: Mapping[str, Any]) -> CaptionStream:
    language = str(stream.get("tags", {}).get("language", ""))
    return CaptionStream(int(stream["index"]), language if re.fullmatch("[a-z]{3}", language) else None)


def _rotation(side_data: Sequence[Mapping[str, Any]]) -> int:
    """Return the display matrix's rotation as degrees clockwise; ffprobe counts anticlockwise."""
    for entry in side_data:
        if "rotation" in entry:
            return round(-float(entry["rotation"]) / 90) * 90 % 360
    return 0


def _duration(stream: Mapping[str, Any]) -> float | None:
    """Return the stream's own length; Matroska keeps it in a tag, as HH:MM:SS.fraction."""
    if "duration" in stream:
        return _seconds(stream["duration"])
    parts = str(stream.get("tags", {}).get("DURATION", "")).split(":")
    values = [_seconds(part) for part in parts]
    if len(values) != 3 or None in values:
        return None
    hours, minutes, seconds = (value or 0.0 for value in values)
    return (hours * 60 + minutes) * 60 + seconds


def parse_microseconds(text: object) -> int:
    """Return ffprobe's seconds, which have six digits after the point, as whole microseconds; else 0."""
    try:
        return int(Decimal(str(text)).scaleb(6))
    except (ArithmeticError, ValueError):
        return 0


def _seconds(text: object) -> float | None:
    try:
        value = float(str(text))
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None


def _whole(value: object) -> int | None:
    return int(str(value)) if str(value).isdecimal() else None


def _ratio(text: object, separator: str) -> Fraction | None:
    above, _, below = str(text).partition(separator)
    if not (above.isdecimal() and below.isdecimal()) or int(below) == 0 or int(above) == 0:
        return None
    return Fraction(int(above), int(below))
