"""A client in a process of its own that gets ready, waits for the word, and says what it measured.

So that the measured span holds nothing but the work, and the client's CPU counts for nobody.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass

_READY = "ready"


@dataclass(frozen=True)
class Lap:
    """What a client measured: how long it all took, and each of its requests."""

    seconds: float
    request_seconds: Sequence[float]


def race(work: Callable[[], Sequence[float]]) -> None:
    """In the client, once it is ready: wait for the word, do the work, say how long it all took."""
    print(_READY, flush=True)
    sys.stdin.readline()
    begun = time.perf_counter()
    request_seconds = work()
    print(json.dumps(asdict(Lap(time.perf_counter() - begun, request_seconds))), flush=True)


class Runner:
    """A client as its starter sees it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    def tell(self) -> None:
        """Give the word: to begin, and to those who go on until told, to end."""
        if self._process.stdin is None:
            raise RuntimeError("the client cannot be spoken to")
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def hear(self) -> Lap:
        """Return what it measured, when it has."""
        return Lap(**json.loads(self.line()))

    def line(self) -> str:
        return self._process.stdout.readline().strip() if self._process.stdout else ""


@contextmanager
def at_the_line(module: str, *arguments: object) -> Iterator[Runner]:
    """Start `python -m module arguments…` and wait until it is ready."""
    argv = [sys.executable, "-m", module, *map(str, arguments)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        try:
            runner = Runner(client)
            if runner.line() != _READY:
                raise RuntimeError(f"{module} did not get ready")
            yield runner
        finally:
            client.kill()
