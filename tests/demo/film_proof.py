"""Is the reading copy what it must be? Measured with ffprobe and ffmpeg, not taken from the service."""

import asyncio
import json
from pathlib import Path
from typing import Any

from tests.demo.client import size_of

SECONDS_TOLERANCE = 0.15
FRAMES_TOLERANCE = 2
_TOOL_SECONDS = 60


async def wrong_with_reading_copy(source: Path, copy: Path) -> list[str]:
    """Return what is wrong with the reading copy of a phone film whose upright top is red."""
    before, after = await _probe(source), await _probe(copy)
    red, green, blue = await _top_colour(copy)
    width, height = after["video"]["width"], after["video"]["height"]
    truths = {
        "its video is not H.264": after["video"]["codec_name"] == "h264",
        "its sound is not AAC": after["audio"].get("codec_name") == "aac",
        "it is not upright": width < height and "side_data_list" not in after["video"],
        "its top is not the source's top": red > 150 > max(green, blue) + 60,
        "it is no MP4": "mp4" in after["format"]["format_name"],
        "its index stands at the end": _index_is_first(copy),
        "it is not as long as the source": abs(_seconds(after) - _seconds(before)) <= SECONDS_TOLERANCE,
        "it lost frames": abs(_frames(after) - _frames(before)) <= FRAMES_TOLERANCE,
        "it is not smaller": size_of(copy) < size_of(source),
    }
    return [f"reading copy: {wrong}" for wrong, true in truths.items() if not true]


async def _run(*argv: str) -> bytes:
    child = await asyncio.create_subprocess_exec(
        *argv, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(_TOOL_SECONDS):
            answer, _ = await child.communicate()
    except BaseException:
        child.kill()
        await child.wait()
        raise
    assert child.returncode == 0, f"{argv[0]} ended with status {child.returncode}"
    return answer


async def _probe(film: Path) -> dict[str, Any]:
    """Return the format, and the first stream of each kind by its kind."""
    argv = (
        "ffprobe",
        "-v",
        "error",
        "-count_frames",
        "-show_format",
        "-show_streams",
        "-of",
        "json",
        str(film),
    )
    found = json.loads(await _run(*argv))
    streams = {stream["codec_type"]: stream for stream in reversed(found["streams"])}
    return {"audio": {}, **streams, "format": found["format"]}


async def _top_colour(film: Path) -> tuple[int, int, int]:
    """Return the mean colour of the top of the first picture."""
    top = "crop=iw:ih/16:0:0,scale=1:1:flags=area,format=rgb24"
    red, green, blue = await _run(
        "ffmpeg",
        "-nostdin",
        "-v",
        "error",
        "-i",
        str(film),
        "-frames:v",
        "1",
        "-vf",
        top,
        "-f",
        "rawvideo",
        "-",
    )
    return red, green, blue


def _index_is_first(film: Path) -> bool:
    """Say whether `moov` stands before `mdat`, so that a browser can start at once."""
    content = film.read_bytes()
    return 0 <= content.find(b"moov") < content.find(b"mdat")


def _seconds(found: dict[str, Any]) -> float:
    return float(found["format"]["duration"])


def _frames(found: dict[str, Any]) -> int:
    return int(found["video"]["nb_read_frames"])
