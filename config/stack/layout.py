"""Where one stack's files lie, and the lock that makes it the only stack on them."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from config.stack import StackError

#: A Unix socket's path has at most 107 bytes (unix(7)); `clamd.sock` needs some of them.
LONGEST_FOLDER_BYTES = 90
#: After kill -9 the kernel needs a moment to end everything that held the lock.
LOCK_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders of one stack."""

    data: Path
    #: Folder of the sockets: `data/run`, or a short one when that path is too long for a socket.
    sockets: Path
    #: Every part inherits this descriptor, so the lock lasts as long as the last of them.
    lock_fd: int

    @property
    def logs(self) -> Path:
        """What every part writes to its standard output and error."""
        return self.data / "logs"

    @property
    def run(self) -> Path:
        """What lasts only as long as the stack."""
        return self.data / "run"

    @property
    def key(self) -> Path:
        """The demonstration centre's key."""
        return self.data / "api-key"

    def log(self, name: str) -> Path:
        """Return the log file of the part called `name`."""
        return self.logs / f"{name}.log"


@contextlib.contextmanager
def open_layout(data: Path, *, fresh: bool = False) -> Iterator[Layout]:
    """Make the folders (0700) and lock them; `fresh`: emptied first.

    Raises:
        StackError: another stack runs on `data`, or the folders cannot be made.
    """
    with contextlib.ExitStack() as stack:
        try:
            if fresh:
                _check_ownership(data)
            (data / "run").mkdir(mode=0o700, parents=True, exist_ok=True)
            data.chmod(0o700)
            lock_fd = stack.enter_context(_locked(data / "run" / "lock"))
            if fresh:
                _empty(data)
            for name in ("logs", "redis", "scratch"):
                (data / name).mkdir(mode=0o700, exist_ok=True)
            sockets = stack.enter_context(_socket_folder(data))
        except OSError as error:
            raise StackError(f"{data} cannot be used: {error}") from error
        yield Layout(data, sockets, lock_fd)


def _check_ownership(data: Path) -> None:
    """Refuse to empty a folder in which no stack ever ran."""
    if data.is_dir() and not (data / "run" / "lock").exists() and any(data.iterdir()):
        raise StackError(f"{data} holds other files; name an empty folder, or one that does not exist")


def _empty(data: Path) -> None:
    """Remove everything but the folder that holds the lock."""
    for entry in data.iterdir():
        if entry.is_dir() and not entry.is_symlink() and entry.name != "run":
            shutil.rmtree(entry)
        elif entry.name != "run":
            entry.unlink()


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[int]:
    """Hold the lock; its file says who holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _take(descriptor, path)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _take(descriptor: int, path: Path) -> None:
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
                raise StackError(
                    f"another stack (process {holder}) runs on {path.parent.parent}; stop it, "
                    "or name another folder with DATA="
                ) from error
            time.sleep(0.05)
        else:
            return


@contextlib.contextmanager
def _socket_folder(data: Path) -> Iterator[Path]:
    """Give `data/run`, or a private folder in /tmp named after it when that is too long."""
    run = data / "run"
    if len(os.fsencode(run)) <= LONGEST_FOLDER_BYTES:
        yield run
        return
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    folder = Path("/tmp") / f"intake-{os.getuid()}-{name}"  # noqa: S108 - ownership is checked below
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise StackError(f"{folder} belongs to somebody else; remove it, or name a shorter DATA=")
    try:
        yield folder
    finally:
        for entry in folder.iterdir():
            entry.unlink()
        folder.rmdir()
