"""Twenty photos at once, alone and beside films being encoded: do event loops wait, or photos?"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.latency import open_stack
from benchmarks.segments import make_film
from benchmarks.side_by_side import p99, probing
from benchmarks.table import Row, judged, median
from benchmarks.trail import Trail, open_trail
from benchmarks.tus import TusClient
from tests.samples.photo import make_photo
from tests.services.intake import QUEUES, Intake, id_of
from tests.services.process import short_folder, start, stop, wait_until

PHOTOS, FILMS = 20, 2
LAG_MILLISECONDS = 100.0
#: Films that are verified are begun meanwhile, and children that were used replaced.
_REST_SECONDS = 5.0
HEADINGS = ("what", "alone", "beside two films", "target beside films")


@dataclass(frozen=True)
class Wave:
    """What twenty photos met; seconds."""

    #: From before the first photo's first byte until the last one was ready.
    whole: float
    #: Of each photo, from verified until its thumbnails were begun.
    waits: Sequence[float]
    #: How late the gateway answered what needs nothing but its event loop.
    gateway_lags: Sequence[float]
    #: How late the timers of the worker's event loop came.
    worker_lags: Sequence[float]
    #: Films that were still being encoded when the last photo was ready.
    films_left: int


def measure_busy(runs: int) -> Iterator[Row]:
    """Yield the rows; photos alone and photos beside films take turns."""
    with short_folder() as folder:
        photo = make_photo(folder / "photo.jpg").read_bytes()
        film = make_film(folder / "film.mp4").read_bytes()
        pairs = [(_wave(photo, []), _wave(photo, [film] * FILMS)) for _ in range(runs)]
    alone, beside = ([pair[number] for pair in pairs] for number in (0, 1))
    yield from _rows(alone, beside)


def _wave(photo: bytes, films: Sequence[bytes]) -> Wave:
    with (
        short_folder() as folder,
        _stack(folder) as (intake, late),
        open_trail(folder / "intake.db") as trail,
    ):
        client = TusClient(intake.port, intake.key)
        trail.wait_for_end(_send(client, photo, "photo.jpg"))  # what is loaded once is loaded
        sent = [_send(client, film, "film.mp4") for film in films]
        wait_until(lambda: all("verified" in trail.events(film) for film in sent))
        time.sleep(_REST_SECONDS)
        client = TusClient(intake.port, intake.key)  # the gateway ends connections that were silent for long
        lags: list[float] = []
        with probing(intake.port, lags):
            began = time.monotonic()
            photos = [_send(client, photo, "photo.jpg") for _ in range(PHOTOS)]
            for one in photos:
                trail.wait_for_end(one)
            ended = time.monotonic()
        left = sum(not trail.has_ended(film) for film in sent)
        waits = [_wait(trail, one) for one in photos]
        stop(intake.workers.pop())
        timers = [tuple(map(float, line.split())) for line in late.read_text().splitlines()]
    return Wave(
        ended - began, waits, lags, [seconds for due, seconds in timers if began <= due <= ended], left
    )


@contextmanager
def _stack(folder: Path) -> Iterator[tuple[Intake, Path]]:
    """Start everything; the worker is a watched one, and leaves a file when it ends."""
    late = folder / "late"
    with open_stack(folder, workers=False, video_slots=FILMS) as intake:
        argv = [sys.executable, "-m", "benchmarks.watched_worker", str(late), *QUEUES]
        intake.workers.append(start(argv, folder / "workers.log", intake.environment))
        yield intake, late


def _send(client: TusClient, data: bytes, name: str) -> str:
    """Upload a file; return the id of its evidence."""
    upload, evidence = client.create(len(data), name)
    client.append(upload, 0, data, len(data))
    return id_of(evidence)


def _wait(trail: Trail, photo: str) -> float:
    began, _ = trail.stages(photo)["thumbnail"]
    return (began - trail.events(photo)["verified"]).total_seconds()


def _rows(*ways: Sequence[Wave]) -> Iterator[Row]:
    yield _row(
        "until the last photo is ready, s", ways, lambda way: f"{median([one.whole for one in way]):.1f}"
    )
    yield _row(
        "a photo's wait for its thumbnails to begin, s",
        ways,
        lambda way: f"{median([wait for one in way for wait in one.waits]):.1f}",
    )
    left = [min(one.films_left for one in way) for way in ways]
    told = f"{FILMS}: {'met' if left[-1] == FILMS else 'missed'}"
    yield ("films not yet encoded when the last photo is ready", *map(str, left), told)
    yield from _lag_rows("gateway", [[lag for one in way for lag in one.gateway_lags] for way in ways])
    yield from _lag_rows("worker", [[lag for one in way for lag in one.worker_lags] for way in ways])


def _row(name: str, ways: Sequence[Sequence[Wave]], tell: Callable[[Sequence[Wave]], str]) -> Row:
    return (name, *map(tell, ways), "-")


def _lag_rows(whose: str, lags: Sequence[Sequence[float]]) -> Iterator[Row]:
    p99s = [p99(some) for some in lags]
    told = judged(p99s[1], LAG_MILLISECONDS)
    yield (f"lag of the {whose}'s event loop, p99, ms", *(f"{value:.1f}" for value in p99s), told)
    yield (
        f"- the longest of {min(map(len, lags)):,}, ms",
        *(f"{max(some) * 1000:.0f}" for some in lags),
        "-",
    )
