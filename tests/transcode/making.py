"""Renditions made for tests, and what is in them."""

import asyncio
import json
import subprocess
from array import array
from collections.abc import Sequence
from math import log10
from pathlib import Path
from typing import Any

from config.profiles import VideoProfile, load_profiles
from transcode.interlacing import look
from transcode.made import Made
from transcode.plan import Plan, make_plan
from transcode.probe import probe
from transcode.sandbox import SandboxKind
from transcode.video import transcode

PROFILES = load_profiles().video
PROFILE = PROFILES["review-1080p"]
SECONDS = 60


async def make(
    source: Path,
    folder: Path,
    *,
    reduce_to_bytes: int = 0,
    kind: SandboxKind | None = None,
    told: list | None = None,
    profile: VideoProfile | None = None,
) -> tuple[Made, Plan]:
    """Make the reading copy as the worker does."""
    await asyncio.to_thread(folder.mkdir, exist_ok=True)
    found = await look(source, await probe(source, kind=kind), kind=kind)
    profile = profile or PROFILE
    plan = make_plan(found, profile, size_bytes=found.size_bytes, reduce_to_bytes=reduce_to_bytes)
    said = told if told is not None else []
    made = await transcode(source, folder, found, plan, profile, lambda *what: said.append(what), kind=kind)
    return made, plan


def output_of(*argv: object) -> bytes:
    """Return what a tool wrote; fail the test if it failed."""
    words = [str(word) for word in argv]
    return subprocess.run(words, check=True, capture_output=True, timeout=SECONDS).stdout


def pixels(path: Path, places: Sequence[tuple[int, int]], frame: int = 0) -> list[tuple[int, ...]]:
    """Return the colours (red, green, blue) that a browser shows at these places of a frame.

    Its matrix and transfer are read from the file, as a browser does, and not known from elsewhere.
    """
    size = streams(path, "v")[0]
    width = int(size["width"])
    chosen = f"select=eq(n\\,{frame}),scale=in_range=tv:out_range=pc:flags=accurate_rnd,format=rgb24"
    picture = output_of(
        *("ffmpeg", "-loglevel", "error", "-noautorotate", "-i", path, "-map", "0:v", "-vf", chosen),
        *("-frames:v", 1, "-f", "rawvideo", "-"),
    )
    return [tuple(picture[(y * width + x) * 3 : (y * width + x) * 3 + 3]) for x, y in places]


def near(found: Sequence[int], wanted: Sequence[int], most: int = 12) -> bool:
    return all(abs(a - b) <= most for a, b in zip(found, wanted, strict=True))


def streams(path: Path, kind: str) -> list[dict[str, Any]]:
    said = output_of("ffprobe", "-v", "error", "-select_streams", kind, "-show_streams", "-of", "json", path)
    return json.loads(said)["streams"]


def times(path: Path, kind: str = "v") -> list[float]:
    """Return when the packets of a stream are shown, in order."""
    said = output_of(
        *("ffprobe", "-v", "error", "-select_streams", kind, "-show_entries", "packet=pts_time"),
        *("-of", "csv=p=0", path),
    )
    return sorted(float(line.strip(",")) for line in said.decode().split())


def frame_hashes(path: Path, *options: str) -> list[str]:
    said = output_of(
        "ffmpeg", "-loglevel", "error", "-i", path, "-map", "0:v", *options, "-f", "framemd5", "-"
    )
    return [line.split(",")[-1].strip() for line in said.decode().splitlines() if not line.startswith("#")]


def loudness(path: Path, from_second: float = 0.5, seconds: float = 1.0) -> list[float]:
    """Return the level of each channel, in decibels of a full-scale square wave."""
    channels = int(streams(path, "a")[0]["channels"])
    samples = array("f")
    samples.frombytes(
        output_of(
            *("ffmpeg", "-loglevel", "error", "-ss", from_second, "-i", path, "-map", "0:a:0", "-t", seconds),
            *("-f", "f32le", "-"),
        )
    )
    assert samples, "there is no sound"
    return [_decibels(samples[channel::channels]) for channel in range(channels)]


def _decibels(samples: Sequence[float]) -> float:
    power = sum(value * value for value in samples) / len(samples)
    return 10 * log10(max(power, 1e-10))
