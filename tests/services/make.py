"""A real `make run` that tests may signal and kill, and what it left behind."""

import os
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from tests.services.ports import free_port
from tests.services.process import wait_until

ROOT = Path(__file__).parents[2]
READY_SECONDS = 60
STOP_SECONDS = 15


def mentioning(data: Path) -> dict[int, str]:
    """Return the processes, by id, whose command line or environment names the data folder."""
    marker, found = os.fsencode(data), {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            words, environment = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
        except OSError:
            continue
        if marker in words or marker in environment:
            found[int(entry.name)] = words.replace(b"\0", b" ").decode(errors="replace")
    return found


def _read(source: IO[str], sink: list[str]) -> None:
    for line in source:
        sink.append(line.rstrip("\n"))


class MakeRun:
    """One `make run` or `make demo`, in a session of its own as in a terminal."""

    def __init__(self, data: Path, target: str = "run", **variables: object) -> None:
        self.data = data
        self.port = int(str(variables.pop("PORT", free_port())))
        places: dict[str, object] = {"PORT": self.port, "DATA": data} if target == "run" else {"DEMO": data}
        words = [f"{name}={value}" for name, value in (places | variables).items()]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        # As in a terminal: a shell without job control lets its background ignore SIGINT.
        argv = ["env", "--default-signal=INT", "make", target, *words]
        self.process = subprocess.Popen(
            argv,
            cwd=ROOT,
            env=clean,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self.news: list[str] = []
        self._readers = [
            threading.Thread(target=_read, args=(self.process.stdout, self.lines)),
            threading.Thread(target=_read, args=(self.process.stderr, self.news)),
        ]
        for reader in self._readers:
            reader.start()

    def until_ready(self) -> "MakeRun":
        wait_until(lambda: self._is_ready() or self.process.poll() is not None, READY_SECONDS)
        assert self._is_ready(), "\n".join(self.news)
        return self

    def _is_ready(self) -> bool:
        return any(line.startswith("ready ") for line in self.lines)

    @property
    def url(self) -> str:
        return next(line.removeprefix("ready ") for line in self.lines if line.startswith("ready "))

    @property
    def key(self) -> str:
        return (self.data / "api-key").read_text().strip()

    def status_of(self, path: str, key: str | None = None) -> int:
        request = urllib.request.Request(
            self.url + path, headers={"Authorization": f"Bearer {key}"} if key else {}
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    def pid_of(self, words: str) -> int:
        """Return the process whose command line holds `words`; raises `OSError` while there is none."""
        for pid, line in mentioning(self.data).items():
            if words in line and not line.startswith("make ") and "setpriv" not in line:
                return pid
        raise ProcessLookupError(words)

    def supervisor(self) -> int:
        return self.pid_of("-m config.stack")

    def gone(self, seconds: float = STOP_SECONDS) -> float:
        """Wait until `make` has ended and nothing it started is left; return how long that took."""
        began = time.monotonic()
        self.process.wait(seconds)
        wait_until(lambda: not mentioning(self.data), max(seconds - (time.monotonic() - began), 0.1))
        for reader in self._readers:
            reader.join(5)
        return time.monotonic() - began

    def close(self) -> None:
        """Stop whatever a failed test left."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            for pid in mentioning(self.data):
                os.kill(pid, signal.SIGKILL)
            self.process.wait(5)
        for reader in self._readers:
            reader.join(5)
        for source in (self.process.stdout, self.process.stderr):
            source.close()


@pytest.fixture
def make_run(tmp_path: Path) -> Iterator[Callable[..., MakeRun]]:
    """Start `make run` with variables of your choice; whatever is left is stopped after the test."""
    started: list[MakeRun] = []

    def start(data: Path | None = None, **variables: object) -> MakeRun:
        started.append(MakeRun(data or tmp_path / "data", **variables))
        return started[-1]

    yield start
    for stack in started:
        stack.close()
