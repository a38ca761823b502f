"""A recording at a glance: how loud it is over its whole length."""

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
#: Samples a second. The filter keeps all of them until the end, at the least rate 58 MB an hour, and draws
#: nothing when there are fewer than columns.
LEAST_SAMPLE_RATE = 8000
MOST_SAMPLE_RATE = 192_000
COLOUR = "0x3b6ea5"
NAME = "waveform.png"


async def make_waveform(
    recording: Made, folder: Path, pictures: Pictures, *, kind: SandboxKind | None = None
) -> list[Made]:
    """Make `waveform.png` of a finished recording in the private `folder`. Raises `ToolError`."""
    room = Room(kind or detect(), recording.path, folder)
    target = f"{file_name(room.folder_inside)}/{NAME}"
    rate = sample_rate(recording.duration_seconds or 0.0, pictures.waveform_width)
    argv = build_command(file_name(room.source_inside), target, pictures, rate)
    await run(wrap(argv, room, tool_limits(TIMEOUT_SECONDS)), timeout_seconds=TIMEOUT_SECONDS)
    check_regular(folder)
    width, height = pictures.waveform_width, pictures.waveform_height
    path = folder / NAME
    if not path.exists():
        raise SourceDamaged("there is too little sound in it")
    made = Made(
        path, "waveform", "image/png", path.stat().st_size, tuple(argv), recording.tools, width, height
    )
    return [made]


def sample_rate(seconds: float, columns: int) -> int:
    """Return a rate at which the shortest recording has samples enough, and the longest not too many.

    A very short one may be padding for the most part, which counts as its length and has no samples.
    """
    wanted = 16 * columns / seconds if seconds else MOST_SAMPLE_RATE
    return round(min(MOST_SAMPLE_RATE, max(LEAST_SAMPLE_RATE, wanted)))


def build_command(source: str, target: str, pictures: Pictures, rate: int) -> list[str]:
    """Return ffmpeg's arguments for one picture of all the sound, on nothing."""
    sound = ffmpeg.input(source, **SAFE_INPUT)["a:0"]
    sound = sound.filter("aformat", sample_fmts="s16", sample_rates=rate, channel_layouts="mono")
    size = f"{pictures.waveform_width}x{pictures.waveform_height}"
    picture = sound.filter("showwavespic", s=size, colors=COLOUR, scale="sqrt", draw="full")
    output = ffmpeg.output(picture, target, **{"frames:v": 1, "f": "image2", "update": 1, "map_metadata": -1})
    quiet = output.global_args("-nostdin", "-hide_banner", "-nostats", "-loglevel", "error")
    return list(ffmpeg.compile(quiet, overwrite_output=True))
