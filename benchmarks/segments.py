"""A film encoded in segments: what cutting and joining cost, and what a second worker saves."""

import asyncio
import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from multiprocessing import get_context
from multiprocessing.queues import Queue
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
#: Long enough for each of the workers to start, and take its share of these pauses.
_SETTLED_SECONDS = 5
_MOST_CPU, _MOST_BYTES, _MOST_TIME = 1.08, 1.02, 0.6


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
        shared = [_by_one_and_two(film, Path(folder) / f"shared-{run}") for run in range(runs)]
    whole, cut_up = [one for one, _ in both], [other for _, other in both]
    for name, costs in (("whole", whole), ("in segments", cut_up)):
        yield _row(f"{name}: CPU, s", [cost.cpu_seconds for cost in costs], 1)
        yield _row(f"{name}: time, s", [cost.seconds for cost in costs], 1)
        yield _row(f"{name}: size, MB", [cost.size_bytes / 1e6 for cost in costs], 2)
    yield _row("CPU: segments / whole", [b.cpu_seconds / a.cpu_seconds for a, b in both], 3, _MOST_CPU)
    yield _row("size: segments / whole", [b.size_bytes / a.size_bytes for a, b in both], 3, _MOST_BYTES)
    yield _row("by one worker of one processor: time, s", [one for one, _ in shared], 1)
    yield _row("by two of them: time, s", [two for _, two in shared], 1)
    yield _row("time: two workers / one", [two / one for one, two in shared], 3, _MOST_TIME)


def make_film(path: Path) -> Path:
    """Write a moving picture with grain and sound, in a codec that browsers do not play."""
    picture = f"testsrc2=size=1280x720:rate=30,noise=alls=6:allf=t,trim=duration={SECONDS}"
    argv = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", picture, "-f", "lavfi",
            "-i", f"sine=d={SECONDS}", "-t", str(SECONDS), "-c:v", "mpeg4", "-q:v", "2", "-g", "30",
            "-bf", "2", "-c:a", "aac", str(path)]  # fmt: skip
    subprocess.run(argv, check=True, timeout=1800)
    return path


async def _open(source: Path) -> Film:
    profile = load_profiles().video["review-1080p"]
    found = await probe(source)
    plan = make_plan(found, profile, size_bytes=found.size_bytes, reduce_to_bytes=0)
    return Film(source, found, plan, profile)


async def _both(source: Path, folder: Path) -> tuple[Cost, Cost]:
    film = await _open(source)
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
    cuts, frames = await _cut(film)
    pictures = {part.first_tick: await _segment(film, part, folder) for part in cuts}
    return await _joined(film, pictures, frames, folder)


async def _cut(film: Film) -> tuple[tuple[Cut, ...], int]:
    """Return the stretches of the film, and how many frames it has."""
    if film.found.video is None:
        raise ValueError("there is no picture")
    timeline = await read_timeline(film.source, film.found, film.found.video, kind=DIRECT)
    return cut(timeline, film.plan.frame_rate, SEGMENT_SECONDS), len(timeline.ticks)


async def _joined(film: Film, pictures: Mapping[int, Path], frames: int, folder: Path) -> int:
    """Make the sound and put all together; return the bytes of the result."""
    heard = await encode_sound(film, _new(folder / "sound"), _nobody, kind=DIRECT)
    pieces = Pieces(pictures, heard.path, frames, 0)
    made = await join(film, pieces, _new(folder / "in"), _new(folder / "out"), _nobody, kind=DIRECT)
    return made.size_bytes


def _by_one_and_two(source: Path, folder: Path) -> tuple[float, float]:
    """Return the seconds that one worker takes for the film, and two."""
    film = asyncio.run(_open(source))
    one, two = (_seconds_of(workers, film, folder / str(workers)) for workers in (1, 2))
    return one, two


def _seconds_of(workers: int, film: Film, folder: Path) -> float:
    """Time so many workers, each a process on a processor of its own, which its tools are kept to, too."""
    spawning = get_context("spawn")
    processors = spawning.Queue()
    for processor in sorted(os.sched_getaffinity(0))[:workers]:
        processors.put(processor)
    with ProcessPoolExecutor(workers, spawning, _settle, (processors,)) as pool:
        list(pool.map(time.sleep, repeat(_SETTLED_SECONDS, workers)))
        began = time.monotonic()
        cuts, frames = asyncio.run(_cut(film))
        paths = pool.map(_encoded, repeat(film), cuts, repeat(folder))
        pictures = {part.first_tick: path for part, path in zip(cuts, paths, strict=True)}
        asyncio.run(_joined(film, pictures, frames, folder))
        return time.monotonic() - began


def _settle(processors: "Queue[int]") -> None:
    """Keep this process to one processor; x264 then has one thread."""
    os.sched_setaffinity(0, {processors.get()})


def _encoded(film: Film, part: Cut, folder: Path) -> Path:
    return asyncio.run(_segment(film, part, folder))


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
