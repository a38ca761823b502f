"""A worker process for tests to kill: `python -m tests.workers.child JOURNAL SLOTS BEHAVIOUR SECONDS`.

It writes a line to the journal whenever a run starts and ends: `start|done|cut PID JOB DELIVERIES TIME`.
"""

import asyncio
import contextlib
import os
import signal
import sys
import time
from pathlib import Path

from config.settings import Settings
from workers.heartbeat import open_heartbeat
from workers.lease import LeaseWorker
from workers.room import Room


async def _doze(seconds: float) -> None:
    await asyncio.sleep(seconds)


async def _block(seconds: float) -> None:
    time.sleep(seconds)  # noqa: ASYNC251  what a task must not do, and does


async def _die(seconds: float) -> None:
    await asyncio.sleep(seconds)
    os.kill(os.getpid(), signal.SIGKILL)


BEHAVIOURS = {"doze": _doze, "block": _block, "die": _die}


async def main(journal: Path, slots: int, behaviour: str, seconds: float) -> None:
    def note(event: str, ctx: dict) -> None:
        with journal.open("a") as out:
            out.write(f"{event} {os.getpid()} {ctx['job_id']} {ctx['deliveries']} {time.time()}\n")

    async def run(ctx: dict, *_: object) -> None:
        note("start", ctx)
        try:
            await BEHAVIOURS[behaviour](seconds)
        except asyncio.CancelledError:
            note("cut", ctx)
            raise
        note("done", ctx)

    settings = Settings()
    with open_heartbeat(settings) as heartbeat:
        worker = LeaseWorker("scan", {"scan": run}, slots, settings, heartbeat, Room(), {})
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.drain)
        await worker.run()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], float(sys.argv[4])))
