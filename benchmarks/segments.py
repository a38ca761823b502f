"""A film encoded in segments beside the same film encoded whole: what cutting and joining cost."""

import asyncio
import resource
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.table import Row, format_span, judged, median
from config.profiles import load_profiles
from transcode.encoding import encode_picture, encode_sound
from transcode.film import Film
from transcode.joining import Pieces, join
from transcode.plan import make_plan
from transcode.probe import probe
from transcode.sandbox import SandboxKind
from transcode.segments import Cut, cut
from transcode.timeline import read_timeline
from transcode.video import transcode

HEADINGS = ("what", "median", "smallest - largest", "target")
SECONDS = 120
SEGMENT_SECONDS = 30
#: The kernel tells what direct children used; a sandbox with processes of its own hides it.
DIRECT = SandboxKind.LIMITS
_MOST_CPU, _MOST_BYTES = 1.08, 1.02


@dataclass(frozen=True)
class Cost:
    """Of one film made once. Names of fields are those of the rows."""

    cpu_seconds: float
    seconds: float
    size_bytes: int


def measure_segments(runs: int) -> Iterator[Row]:
    """Yield the rows: each way, then one as a multiple of the other, run by run."""
    with tempfile.TemporaryDirectory(prefix="ei-") as folder:
        film = make_film(Path(folder) / "film.mp4")
        both = [asyncio.run(_both(film, Path(folder) / str(run))) for run in range(runs)]
    whole, cut_up = [one for one, _ in both], [other for _, other in both]
    for name, costs in (("whole", whole), ("in segments", cut_up)):
        yield _row(f"{name}: CPU, s", [cost.cpu_seconds for cost in costs], 1)
        yield _row(f"{name}: time, s", [cost.seconds for cost in costs], 1)
        yield _row(f"{name}: size, MB", [cost.size_bytes / 1e6 for cost in costs], 2)
    yield _row("CPU: segments / whole", [b.cpu_seconds / a.cpu_seconds for a, b in both], 3, _MOST_CPU)
    yield _row("size: segments / whole", [b.size_bytes / a.size_bytes for a, b in both], 3, _MOST_BYTES)


def make_film(path: Path) -> Path:
    """Write a moving picture with grain and sound, in a codec that browsers do not play."""
    picture = f"testsrc2=size=1280x720:rate=30,noise=alls=6:allf=t,trim=duration={SECONDS}"
    argv = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", picture, "-f", "lavfi",
            "-i", f"sine=d={SECONDS}", "-t", str(SECONDS), "-c:v", "mpeg4", "-q:v", "2", "-g", "30",
            "-bf", "2", "-c:a", "aac", str(path)]  # fmt: skip
    subprocess.run(argv, check=True, timeout=1800)
    return path


async def _both(source: Path, folder: Path) -> tuple[Cost, Cost]:
    profile = load_profiles().video["review-1080p"]
    found = await probe(source)
    plan = make_plan(found, profile, size_bytes=found.size_bytes, reduce_to_bytes=0)
    film = Film(source, found, plan, profile)
    whole = await _measured(_whole, film, folder / "whole")
    return whole, await _measured(_in_segments, film, folder / "cut")


async def _measured(make: Callable[[Film, Path], Awaitable[int]], film: Film, folder: Path) -> Cost:
    used, began = _cpu_seconds(), time.monotonic()
    size_bytes = await make(film, folder)
    return Cost(_cpu_seconds() - used, time.monotonic() - began, size_bytes)


async def _whole(film: Film, folder: Path) -> int:
    made = await transcode(
        film.source, _new(folder), film.found, film.plan, film.profile, _nobody, kind=DIRECT
    )
    return made.size_bytes


async def _in_segments(film: Film, folder: Path) -> int:
    if film.found.video is None:
        raise ValueError("there is no picture")
    timeline = await read_timeline(film.source, film.found, film.found.video, kind=DIRECT)
    cuts = cut(timeline, film.plan.frame_rate, SEGMENT_SECONDS)
    pictures = {part.first_tick: await _segment(film, part, folder) for part in cuts}
    heard = await encode_sound(film, _new(folder / "sound"), _nobody, kind=DIRECT)
    pieces = Pieces(pictures, heard.path, len(timeline.ticks), 0)
    return (
        await join(film, pieces, _new(folder / "in"), _new(folder / "out"), _nobody, kind=DIRECT)
    ).size_bytes


async def _segment(film: Film, part: Cut, folder: Path) -> Path:
    return (await encode_picture(film, part, _new(folder / str(part.first_tick)), _nobody, kind=DIRECT)).path


def _new(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _nobody(*_: object) -> None:
    """Take progress that nobody follows."""


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _row(name: str, values: Sequence[float], digits: int, most: float | None = None) -> Row:
    middle = median(values)
    target = judged(middle, most) if most else "-"
    return name, f"{middle:.{digits}f}", format_span(values, digits), target
