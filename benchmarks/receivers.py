"""What uploads are measured on: the real gateway without workers, and the bare receiver, both on tmpfs."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.services.clamd import ClamdServer
from tests.services.intake import Intake

_TMPFS = "/dev/shm"


@dataclass(frozen=True)
class Receiver:
    """A process that takes bytes on a port."""

    pid: int
    port: int
    #: Of a centre; the bare receiver asks for none.
    key: str | None
    #: Throws away what was received, so that the next run finds the same room.
    clear: Callable[[], None]


@contextmanager
def open_gateway() -> Iterator[Receiver]:
    """Start Redis and the gateway; nothing works on what arrives, so that nothing else is measured."""
    with tempfile.TemporaryDirectory(prefix="ei-", dir=_TMPFS) as name:
        folder = Path(name)
        intake = Intake(folder, ClamdServer(folder))
        try:
            intake.redis.start()
            intake.run("storage", "migrate")
            key = intake.make_key("--centre", "GB001")
            intake.start_gateway()
            if intake.gateway is None:
                raise RuntimeError("the gateway did not start")
            yield Receiver(intake.gateway.pid, intake.port, key, lambda: _clear(folder / "store" / "blobs"))
        finally:
            intake.stop()


@contextmanager
def open_bare() -> Iterator[Receiver]:
    with tempfile.TemporaryDirectory(prefix="ei-", dir=_TMPFS) as name:
        file = Path(name) / "received"
        argv = [sys.executable, "-m", "benchmarks.baseline", str(file)]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
            try:
                port = int(process.stdout.readline()) if process.stdout else 0
                yield Receiver(process.pid, port, None, file.unlink)
            finally:
                process.kill()


def _clear(blobs: Path) -> None:
    for folder in blobs.iterdir():
        shutil.rmtree(folder)
