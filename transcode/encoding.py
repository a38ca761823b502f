"""One segment of a film encoded: a stretch of its picture, or its whole sound."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from transcode.arguments import file_name
from transcode.errors import DoesNotAddUp, SourceDamaged
from transcode.film import Film
from transcode.probe import Probe, VideoStream, probe
from transcode.progress import OnProgress, Progress
from transcode.sandbox import Room, SandboxKind, detect
from transcode.scratch import check_regular
from transcode.segments import LAST_SLACK, Cut, picture_command, sound_command
from transcode.video import TICKS, run_ffmpeg

NAME = "segment.mp4"
#: A decoder that begins in the middle complains of what it was not given, and loses nothing by it. More would
#: hide damage.
SEAM_LINES = 1


@dataclass(frozen=True, slots=True)
class Encoded:
    """One finished segment, checked to be what it must."""

    path: Path
    command: Sequence[str]
    #: Lines of complaint, those of the seam apart.
    complaints: int
    frames: int = 0
    parameters_sha256: str = ""


async def encode_picture(
    film: Film, part: Cut, folder: Path, on_progress: OnProgress, *, kind: SandboxKind | None = None
) -> Encoded:
    """Encode one stretch into the private `folder`. Raises `DoesNotAddUp`, or another `ToolError`."""
    video = _video(film.found)
    room = Room(kind or detect(), film.source, folder)
    source, target = file_name(room.source_inside), f"{file_name(room.folder_inside)}/{NAME}"
    argv = picture_command(source, target, film.found, video, film.plan, film.profile, part)
    complaints = await _run(argv, room, film.found, _seconds(film.found, part), on_progress)
    made = await probe(folder / NAME, kind=room.kind)
    frames = (made.video.frames if made.video else None) or 0
    slack = LAST_SLACK if part.end_tick is None and film.plan.frame_rate else 0
    if made.video is None or abs(frames - part.frames) > slack:
        raise DoesNotAddUp(f"{frames} frames in place of {part.frames}")
    seam = SEAM_LINES if part.seek_us > 0 else 0
    return Encoded(folder / NAME, argv, max(0, complaints - seam), frames, made.video.parameters_sha256)


async def encode_sound(
    film: Film, folder: Path, on_progress: OnProgress, *, kind: SandboxKind | None = None
) -> Encoded:
    """Make the sound, captions and chapters in the private `folder`. Raises as `encode_picture`."""
    room = Room(kind or detect(), film.source, folder)
    source, target = file_name(room.source_inside), f"{file_name(room.folder_inside)}/{NAME}"
    argv = sound_command(source, target, film.found, film.plan, film.profile)
    complaints = await _run(argv, room, film.found, film.found.duration_seconds, on_progress)
    return Encoded(folder / NAME, argv, complaints)


async def _run(
    argv: Sequence[str], room: Room, found: Probe, seconds: float | None, on_progress: OnProgress
) -> int:
    """Return how many lines the tool complained; what it says of the source is only a doubt here."""
    try:
        finished = await run_ffmpeg(argv, room, found, Progress(seconds, on_progress))
    except SourceDamaged as error:
        raise DoesNotAddUp(str(error)) from error
    if room.folder:
        check_regular(room.folder)
    return finished.stderr_lines


def _video(found: Probe) -> VideoStream:
    if found.video is None:
        raise DoesNotAddUp("there is no picture in it")
    return found.video


def _seconds(found: Probe, part: Cut) -> float | None:
    if part.end_tick is not None:
        return (part.end_tick - part.first_tick) / TICKS
    return max(0.0, found.duration_seconds - part.first_tick / TICKS) if found.duration_seconds else None
