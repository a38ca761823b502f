"""Segments of a film joined without encoding them again, and compared with the source."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from transcode.arguments import file_name
from transcode.errors import DoesNotAddUp, SourceDamaged, TooLarge
from transcode.film import Film
from transcode.fitting import tighten
from transcode.honesty import find_damage
from transcode.made import Made
from transcode.probe import probe
from transcode.progress import OnProgress, Progress
from transcode.sandbox import Room, SandboxKind, detect
from transcode.scratch import check_regular, give
from transcode.segments import format_list, join_command
from transcode.video import describe, run_ffmpeg

LIST = "list.ffconcat"
SOUND = "sound.mp4"
NAME = "video.mp4"


@dataclass(frozen=True, slots=True)
class Pieces:
    """What is joined: files of pictures by the tick of their first frame, and of sound if there is any."""

    pictures: Mapping[int, Path]
    sound: Path | None
    #: Frames of all pictures, as the source has them.
    frames: int
    complaints: int


async def join(
    film: Film,
    pieces: Pieces,
    inputs: Path,
    folder: Path,
    on_progress: OnProgress,
    *,
    kind: SandboxKind | None = None,
) -> Made:
    """Join the pieces in the private `folder`; `inputs` is another one, to put them side by side in.

    Raises `DoesNotAddUp` when the result is not all of the source, or another `ToolError`.
    """
    await asyncio.to_thread(_lay_out, pieces, inputs)
    room = Room(kind or detect(), inputs, folder)
    place = file_name(room.source_inside)
    argv = join_command(
        f"{place}/{LIST}",
        f"{place}/{SOUND}" if pieces.sound else None,
        f"{file_name(room.folder_inside)}/{NAME}",
        min(pieces.pictures),
    )
    made = await _run(film, pieces, argv, room, folder / NAME, on_progress)
    on_progress(1.0, 0.0)
    return made


async def _run(
    film: Film, pieces: Pieces, argv: Sequence[str], room: Room, path: Path, on_progress: OnProgress
) -> Made:
    try:
        progress = Progress(film.found.duration_seconds, on_progress)
        finished = await run_ffmpeg(argv, room, film.found, progress)
        check_regular(path.parent)
        made = await probe(path, kind=room.kind)
    except SourceDamaged as error:
        raise DoesNotAddUp(str(error)) from error
    frames = made.video.frames if made.video else None
    if frames != pieces.frames:
        raise DoesNotAddUp(f"{frames} frames in place of {pieces.frames}")
    complaint_lines = pieces.complaints + finished.stderr_lines
    if damage := find_damage(film.found, made, film.plan, complaint_lines):
        raise DoesNotAddUp(damage)
    described = describe(path, argv, made, film.plan, complaint_lines)
    if tighten(film.found, film.plan, film.profile, described.size_bytes):
        raise TooLarge(described.size_bytes)
    return described


def _lay_out(pieces: Pieces, inputs: Path) -> None:
    """Put the pieces and their list into one folder, without copying them if the file system allows."""
    ticks = sorted(pieces.pictures)
    names = [f"picture-{number:04}.mp4" for number in range(len(ticks))]
    for tick, name in zip(ticks, names, strict=True):
        give(pieces.pictures[tick], inputs / name)
    if pieces.sound:
        give(pieces.sound, inputs / SOUND)
    (inputs / LIST).write_text(format_list(names, ticks), encoding="ascii")
