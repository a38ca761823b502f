"""One upright picture that stands for a film."""

from pathlib import Path

import ffmpeg

from config.profiles import Pictures
from transcode.arguments import SAFE_INPUT, file_name, tool_limits
from transcode.diagnosis import diagnose
from transcode.errors import SourceDamaged, ToolFailed
from transcode.filters import picture_filters
from transcode.made import Made
from transcode.probe import Probe, VideoStream
from transcode.process import run
from transcode.sandbox import Room, SandboxKind, detect, wrap
from transcode.scratch import check_regular

TIMEOUT_SECONDS = 120.0
#: The picture is taken this far into the film: openings are often black.
SHARE = 0.1
#: Of so many frames from there, the one most like the rest.
CHOICE = 24
#: ffmpeg's scale of JPEG quality: 2 is best, 31 worst.
QUALITY = 3
NAME = "poster.jpg"


async def make_poster(
    source: Path, folder: Path, found: Probe, pictures: Pictures, *, kind: SandboxKind | None = None
) -> Made:
    """Make `poster.jpg` in the private `folder`; raises `SourceDamaged` if no frame can be read."""
    if found.video is None:
        raise SourceDamaged("there is no picture in it")
    room = Room(kind or detect(), source, folder)
    size = poster_size(found.video, pictures.poster_edge)
    for second in ((found.duration_seconds or 0.0) * SHARE, 0.0):
        argv = build_command(
            file_name(room.source_inside),
            f"{file_name(room.folder_inside)}/{NAME}",
            found.video,
            size,
            second,
        )
        try:
            await run(wrap(argv, room, tool_limits(TIMEOUT_SECONDS)), timeout_seconds=TIMEOUT_SECONDS)
        except ToolFailed as error:
            if second == 0.0:
                raise diagnose(error) from error
        check_regular(folder)
        if (folder / NAME).exists():
            tools = {"ffmpeg": found.version}
            width, height = size
            size_bytes = (folder / NAME).stat().st_size
            return Made(folder / NAME, "poster", "image/jpeg", size_bytes, tuple(argv), tools, width, height)
    raise SourceDamaged("no picture could be read from it")


def poster_size(video: VideoStream, edge: int) -> tuple[int, int]:
    """Return the upright size whose longer edge is at most `edge` pixels."""
    width, height = video.display_size
    share = min(1.0, edge / max(width, height, 1))
    return max(1, round(width * share)), max(1, round(height * share))


def build_command(
    source: str, target: str, video: VideoStream, size: tuple[int, int], second: float
) -> list[str]:
    """Return ffmpeg's arguments for one frame near `second`."""
    opened = ffmpeg.input(source, **SAFE_INPUT, ss=f"{second:.3f}")
    output = ffmpeg.output(
        opened[str(video.index)],
        target,
        **{
            "filter:v": f"thumbnail={CHOICE},{picture_filters(video, size, None)}",
            "frames:v": 1,
            "q:v": QUALITY,
            "f": "image2",
            "update": 1,
            "map_metadata": -1,
        },
    ).global_args("-nostdin", "-hide_banner", "-nostats", "-loglevel", "error")
    return list(ffmpeg.compile(output, overwrite_output=True))
