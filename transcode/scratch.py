"""Private folders for work that may vanish: made 0700, removed when closed, swept after a killed process."""

import asyncio
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from transcode.errors import OutputTooLarge, ToolFailed
from transcode.process import kill_strays

LOCK = ".lock"
#: More files than this in one folder is no work of ours.
MOST_FILES = 10_000


@asynccontextmanager
async def open_folder(parent: Path) -> AsyncIterator[Path]:
    """Give a new private folder under `parent`; it vanishes on close.

    Folders whose process was killed are removed by the next call: the kernel lets go of their lock.
    """
    folder, lock = await asyncio.to_thread(_make, parent)
    try:
        yield folder
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        os.close(lock)


def check_regular(folder: Path) -> None:
    """Raise `ToolFailed` if a child left anything but plain files of its own: links lead elsewhere."""
    with os.scandir(folder) as entries:
        for count, entry in enumerate(entries):
            found = entry.stat(follow_symlinks=False)
            if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
                raise ToolFailed(0, f"left something that is no plain file: {entry.name!r}")
            if count >= MOST_FILES:
                raise OutputTooLarge(f"more than {MOST_FILES} files")


def give(source: Path, place: Path) -> None:
    """Put the source's bytes at `place` without copying them if the file system allows."""
    try:
        os.link(source, place)
    except OSError:
        shutil.copyfile(source, place)


def _make(parent: Path) -> tuple[Path, int]:
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(parent):
        _sweep_all(parent)
        folder = Path(tempfile.mkdtemp(prefix="work-", dir=parent))
        lock = _open_lock(folder)
        fcntl.flock(lock, fcntl.LOCK_EX)
    return folder, lock


def sweep(parent: Path) -> None:
    """Remove the folders under `parent` of killed processes, and kill what still works in them. Blocks."""
    if parent.is_dir():
        with _locked(parent):
            _sweep_all(parent)


def _sweep_all(parent: Path) -> None:
    for left in parent.glob("work-*"):
        _sweep(left)


def _sweep(left: Path) -> None:
    try:
        lock = _open_lock(left)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        kill_strays(left)
        shutil.rmtree(left, ignore_errors=True)
    except BlockingIOError:
        return
    finally:
        os.close(lock)


def _open_lock(folder: Path) -> int:
    return os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


@contextmanager
def _locked(parent: Path) -> Iterator[None]:
    lock = _open_lock(parent)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
