"""Start a server for a test, wait until it answers, and be sure it dies with us."""

import contextlib
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path


def wait_until(
    answers: Callable[[], object], seconds: float = 60.0, *, alive: Callable[[], object] = lambda: True
) -> None:
    """Call `answers` until it returns something true; fail after `seconds` or when `alive` says no."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if answers():
                return
        if not alive():
            raise AssertionError("the process ended while it was waited for")
        time.sleep(0.02)
    raise AssertionError(f"no answer within {seconds} s")


def start(argv: list[str], log: Path, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start a process in a group of its own that is killed when the test process ends.

    To be called from the main thread: the kernel watches the thread that starts it.
    """
    with log.open("ab") as out:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *argv],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=env,
            start_new_session=True,
        )


def stop(process: subprocess.Popen[bytes], seconds: float = 10.0) -> None:
    """End the process: SIGTERM, then SIGKILL."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def short_folder() -> Iterator[Path]:
    """Give a folder whose path is short enough for Unix sockets (108 bytes)."""
    with tempfile.TemporaryDirectory(prefix="ei-") as folder:
        yield Path(folder)
