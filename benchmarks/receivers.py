"""What uploads are measured on, with its data on tmpfs: the gateway without workers, and the bare ones."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.services.clamd import ClamdServer
from tests.services.intake import Intake

TMPFS = "/dev/shm"


@dataclass(frozen=True)
class Receiver:
    """A process that takes bytes on a port."""

    pid: int
    port: int
    #: Of a centre; the bare receivers take no requests and hence ask for none.
    key: str | None
    #: Throws away what was received, so that the next run finds the same room.
    clear: Callable[[], None]


@contextmanager
def open_gateway(processes: int = 1, **settings: object) -> Iterator[Receiver]:
    """Start Redis and the gateway; nothing works on what arrives, so that nothing else is measured."""
    with tempfile.TemporaryDirectory(prefix="ei-", dir=TMPFS) as name:
        folder = Path(name)
        intake = Intake(folder, ClamdServer(folder), **settings)
        try:
            intake.redis.start()
            intake.run("storage", "migrate")
            key = intake.make_key("--centre", "GB001")
            intake.start_gateway(processes)
            if intake.gateway is None:
                raise RuntimeError("the gateway did not start")
            yield Receiver(intake.gateway.pid, intake.port, key, lambda: empty(folder / "store" / "blobs"))
        finally:
            intake.stop()


@contextmanager
def open_bare(*options: str) -> Iterator[Receiver]:
    """Start a receiver that does nothing but receive."""
    with tempfile.TemporaryDirectory(prefix="ei-", dir=TMPFS) as name:
        file = Path(name) / "received"
        argv = [sys.executable, "-m", "benchmarks.baseline", str(file), *options]
        with announced(argv) as (pid, port):
            yield Receiver(pid, port, None, file.unlink)


@contextmanager
def announced(
    argv: Sequence[str | Path], script: Path | None = None, folder: Path | None = None
) -> Iterator[tuple[int, int]]:
    """Start a program in the folder that says its port; `script` is its standard input. Give id and port."""
    with (script or Path("/dev/null")).open() as source:
        process = subprocess.Popen(argv, stdin=source, stdout=subprocess.PIPE, text=True, cwd=folder)
    with process:
        try:
            yield process.pid, int(process.stdout.readline()) if process.stdout else 0
        finally:
            process.kill()


def empty(folder: Path) -> None:
    """Remove everything in the folder."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
