"""A real browser without a window, on a page of the test's."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.services.process import start

#: As root and in containers Chromium has no sandbox of its own; it must not call home, nor keep anything.
OPTIONS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-breakpad",
    "--autoplay-policy=no-user-gesture-required",
]


def find_browser() -> str:
    """Return the program; the test fails where there is none, it is not passed over."""
    name = os.environ.get("CHROMIUM") or "chromium"
    found = shutil.which(name)
    if not found:
        pytest.fail(f"no browser {name}: `make tools` installs one on Debian; name another by CHROMIUM=")
    return found


@contextmanager
def browser(url: str) -> Iterator[None]:
    """Show the page in a fresh profile until the context closes; nothing of the browser is left then."""
    program = find_browser()
    with tempfile.TemporaryDirectory(prefix="ei-browser-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        argv = [program, *OPTIONS, f"--user-data-dir={folder / 'profile'}", url]
        process = start(argv, folder / "browser.log", {**os.environ, "HOME": name})
        try:
            yield
        except BaseException:
            print((folder / "browser.log").read_text()[-4000:])
            raise
        finally:
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
