"""A film at a glance: one sheet of small pictures, and the times of each, for scrubbing.

Pictures are taken from key frames, so that hardly anything is decoded a second time; their times are those of
the frames themselves. Times are WebVTT whose cues name a part of the sheet (Media Fragments URI 1.0, 4.2.2),
as players read them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import ffmpeg

from config.profiles import Pictures
from transcode.arguments import SAFE_INPUT, file_name, tool_limits
from transcode.errors import SourceDamaged
from transcode.made import Made
from transcode.process import run
from transcode.sandbox import Room, SandboxKind, detect, wrap
from transcode.scratch import check_regular

TIMEOUT_SECONDS = 1800.0
COLUMNS = 10
#: Pictures are at least so far apart.
LEAST_SECONDS = 1.0
#: With fewer key frames than this share of the pictures, every frame is decoded.
ENOUGH = 0.25
#: ffmpeg's scale of JPEG quality: 2 is best, 31 worst.
QUALITY = 5
SHEET = "storyboard.jpg"
TIMES = "storyboard.vtt"


@dataclass(frozen=True, slots=True)
class Sheet:
    """How the pictures lie: sizes in pixels."""

    tile_width: int
    tile_height: int
    columns: int
    rows: int
    interval_seconds: float

    @property
    def tiles(self) -> int:
        """How many pictures it has room for."""
        return self.columns * self.rows


async def make_storyboard(
    film: Made, folder: Path, pictures: Pictures, *, kind: SandboxKind | None = None
) -> list[Made]:
    """Make sheet and times of a finished film in the private `folder`. Raises `ToolError`."""
    sheet = lay_out(film, pictures)
    room = Room(kind or detect(), film.path, folder)
    for key_frames in (True, False):
        argv = build_command(
            file_name(room.source_inside),
            f"{file_name(room.folder_inside)}/{SHEET}",
            sheet,
            key_frames=key_frames,
        )
        finished = await run(wrap(argv, room, tool_limits(TIMEOUT_SECONDS)), timeout_seconds=TIMEOUT_SECONDS)
        seconds = parse_times(finished.stdout.decode())[: sheet.tiles]
        if len(seconds) >= sheet.tiles * ENOUGH:
            break
    check_regular(folder)
    if not seconds:
        raise SourceDamaged("no picture could be read from it")
    (folder / TIMES).write_text(
        format_times(sheet, seconds, film.duration_seconds or seconds[-1] + LEAST_SECONDS)
    )
    size = {"width": sheet.tile_width * sheet.columns, "height": sheet.tile_height * sheet.rows}
    return [
        _made(folder / SHEET, "storyboard", "image/jpeg", argv, film, size),
        _made(folder / TIMES, "storyboard_times", "text/vtt", argv, film, {}),
    ]


def lay_out(film: Made, pictures: Pictures) -> Sheet:
    """Return a sheet with a picture a second, or as many as there may be."""
    width, height, seconds = film.width or 1, film.height or 1, film.duration_seconds or 0.0
    share = min(1.0, pictures.tile_edge / max(width, height))
    tiles = max(1, min(pictures.most_tiles, ceil(seconds / LEAST_SECONDS)))
    columns = min(COLUMNS, tiles)
    return Sheet(
        max(2, round(width * share / 2) * 2),
        max(2, round(height * share / 2) * 2),
        columns,
        ceil(tiles / columns),
        max(LEAST_SECONDS, seconds / pictures.most_tiles),
    )


def build_command(source: str, target: str, sheet: Sheet, *, key_frames: bool) -> list[str]:
    """Return ffmpeg's arguments: the sheet to `target`, the times in milliseconds to standard output."""
    skipped = {"skip_frame": "nokey"} if key_frames else {}
    apart = f"isnan(prev_selected_t)+gte(t-prev_selected_t,{sheet.interval_seconds - 0.001:.3f})"
    chosen = ffmpeg.input(source, **SAFE_INPUT, **skipped)["v:0"].filter("select", apart)
    chosen = (
        chosen.filter("scale", sheet.tile_width, sheet.tile_height)
        .filter("setsar", 1)
        .filter_multi_output("split")
    )
    picture = ffmpeg.output(
        chosen[0].filter("tile", f"{sheet.columns}x{sheet.rows}"),
        target,
        **{"frames:v": 1, "q:v": QUALITY, "f": "image2", "update": 1, "map_metadata": -1},
    )
    times = ffmpeg.output(
        chosen[1], "-", **{"f": "mkvtimestamp_v2", "c:v": "wrapped_avframe", "fps_mode:v": "passthrough"}
    )
    quiet = ffmpeg.merge_outputs(picture, times).global_args(
        "-nostdin", "-hide_banner", "-nostats", "-loglevel", "error"
    )
    return list(ffmpeg.compile(quiet, overwrite_output=True))


def parse_times(said: str) -> list[float]:
    """Return seconds from ffmpeg's list of milliseconds; what is no number is a heading."""
    return [int(line) / 1000 for line in said.splitlines() if line.isdecimal()]


def format_times(sheet: Sheet, seconds: Sequence[float], end: float) -> str:
    """Return the WebVTT; the first picture stands for all before it."""
    starts = [0.0, *seconds[1:]]
    ends = [*starts[1:], max(end, starts[-1] + 0.001)]
    cues = []
    for number, (start, stop) in enumerate(zip(starts, ends, strict=True)):
        row, column = divmod(number, sheet.columns)
        left, top = column * sheet.tile_width, row * sheet.tile_height
        place = f"{left},{top},{sheet.tile_width},{sheet.tile_height}"
        cues.append(f"{_clock(start)} --> {_clock(stop)}\nstoryboard#xywh={place}\n")
    return "\n".join(["WEBVTT\n", *cues])


def _clock(seconds: float) -> str:
    minutes, milliseconds = divmod(round(seconds * 1000), 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{milliseconds // 1000:02}.{milliseconds % 1000:03}"


def _made(
    path: Path, kind: str, media_type: str, argv: Sequence[str], film: Made, size: dict[str, int]
) -> Made:
    return Made(path, kind, media_type, path.stat().st_size, tuple(argv), film.tools, **size)
