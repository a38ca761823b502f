"""`python -m benchmarks.watched_worker FILE QUEUE...`: a worker that also notes how late its event loop is.

Beside the real worker a timer is due every 5 ms. At the end FILE has a line for each time: when it was due
(seconds of the monotonic clock), and how many seconds too late it came.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import uvloop

from config.logging import set_up_logging
from config.settings import Settings
from workers.worker import work

_EVERY_SECONDS = 0.005


async def work_watched(queues: Sequence[str], late: list[tuple[float, float]]) -> None:
    """Work until the worker is told to end, and note in `late` what the module says."""
    watching = asyncio.create_task(_watch(late))
    await work(Settings(), queues)
    watching.cancel()


async def _watch(late: list[tuple[float, float]]) -> None:
    while True:
        due = time.monotonic() + _EVERY_SECONDS
        await asyncio.sleep(_EVERY_SECONDS)
        late.append((due, max(0.0, time.monotonic() - due)))


def main() -> None:
    target, *queues = sys.argv[1:]
    set_up_logging(Settings().log_level)
    late: list[tuple[float, float]] = []
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work_watched(queues, late))
    Path(target).write_text("".join(f"{due} {seconds}\n" for due, seconds in late))


if __name__ == "__main__":
    main()
