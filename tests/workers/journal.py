"""Worker processes and what they wrote of their runs."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from config.settings import Settings
from tests.services.process import start, stop

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Line:
    event: str
    pid: int
    job_id: str
    deliveries: int
    at: float


class Crew:
    """Worker processes that share a journal; all are killed at the end of the test."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.journal = folder / "journal"
        self.log = folder / "workers.log"
        self._processes: list[subprocess.Popen[bytes]] = []
        self._env = os.environ | {
            "INTAKE_DATA": str(settings.data),
            "INTAKE_REDIS_URL": settings.redis_url,
            "INTAKE_LEASE_SECONDS": str(settings.lease_seconds),
            "INTAKE_DRAIN_SECONDS": str(settings.drain_seconds),
            "INTAKE_MAX_BACKOFF_SECONDS": str(settings.max_backoff_seconds),
            "PYTHONPATH": str(ROOT),
        }

    def hire(self, behaviour: str, seconds: float, slots: int = 2) -> subprocess.Popen[bytes]:
        argv = [
            sys.executable,
            "-m",
            "tests.workers.child",
            str(self.journal),
            str(slots),
            behaviour,
            str(seconds),
        ]
        process = start(argv, self.log, self._env)
        self._processes.append(process)
        return process

    def lines(self, event: str | None = None) -> list[Line]:
        if not self.journal.exists():
            return []
        rows = [line.split() for line in self.journal.read_text().splitlines()]
        lines = [Line(row[0], int(row[1]), row[2], int(row[3]), float(row[4])) for row in rows]
        return [line for line in lines if event in {None, line.event}]

    def dismiss(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()


def poll(answers: Callable[[], object], seconds: float = 15.0) -> float:
    """Wait until `answers` is true and return how long that took; fail after `seconds`."""
    began = time.monotonic()
    while not answers():
        assert time.monotonic() - began < seconds, f"not within {seconds} s"
        time.sleep(0.01)
    return time.monotonic() - began


def end(process: subprocess.Popen[bytes]) -> None:
    stop(process)
    assert process.returncode == 0
