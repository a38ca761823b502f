"""A client in a process of its own that gets ready, waits for the word, and says how long it took.

So that the measured span holds nothing but the work, and the client's CPU counts for nobody.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_READY = "ready"


def race(work: Callable[[], None]) -> None:
    """In the client, once it is ready: wait for the word, do the work, say the seconds it took."""
    print(_READY, flush=True)
    sys.stdin.readline()
    begun = time.perf_counter()
    work()
    print(time.perf_counter() - begun, flush=True)


@contextmanager
def at_the_line(module: str, *arguments: object) -> Iterator[Callable[[], float]]:
    """Start `python -m module arguments…`; give the function that sends it off and returns its seconds."""
    argv = [sys.executable, "-m", module, *map(str, arguments)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        try:
            if _line(client) != _READY:
                raise RuntimeError(f"{module} did not get ready")
            yield lambda: _go(client)
        finally:
            client.kill()


def _go(client: "subprocess.Popen[str]") -> float:
    if client.stdin is None:
        raise RuntimeError("the client cannot be spoken to")
    client.stdin.write("\n")
    client.stdin.flush()
    return float(_line(client))


def _line(client: "subprocess.Popen[str]") -> str:
    return client.stdout.readline().strip() if client.stdout else ""
