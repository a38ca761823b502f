"""The files of local copies, and who may touch them. Everything here blocks.

A copy is `<key>-<version>-<sha256>`: its name says what its bytes must be. Whoever uses it holds a shared
flock(2) on it; whoever fetches one holds an exclusive one on `<key>-<version>.part`; only what nobody holds
is removed. So processes share the folder, and one that is killed leaves nothing locked.
"""

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from storage.blobs.disk import measure_room
from storage.errors import StorageFull

#: A copy that nobody wanted for this long is not kept, whatever room there is.
_KEPT_SECONDS = 86_400.0
_PART = ".part"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A blob to be had: its key, its version in the store, its size, and its SHA-256 if that is known."""

    key: str
    version: str
    size_bytes: int
    sha256: str | None

    @property
    def stem(self) -> str:
        """What the names of this blob's copies begin with."""
        return f"{_short(self.key)}-{_short(self.version)}"


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that is held as long as `handle` is open."""

    path: Path
    handle: FileIO

    @property
    def sha256(self) -> str:
        """What its bytes must have."""
        return self.path.name.rpartition("-")[2]


#: Changes whenever a file is another one or was written to.
_Identity = tuple[int, int, int]


def close(copy: Copy | None) -> None:
    """Let go of a copy."""
    if copy:
        copy.handle.close()


class Copies:
    """The copies in `folder`, which is made if missing."""

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes
        #: Copies whose bytes this process has hashed, by name, as they were then.
        self._trusted: dict[str, _Identity] = {}
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def open(self, stem: str) -> Copy | None:
        """Return the copy of that stem, held, if there is one."""
        for path in self._folder.glob(f"{stem}-*"):
            with suppress(FileNotFoundError):
                handle = FileIO(path, "rb")
                if _lock(handle, fcntl.LOCK_SH) and _is_at(handle, path):
                    # When it was last wanted; the time of writing stays, for it tells whether it was altered.
                    os.utime(path, ns=(time.time_ns(), os.fstat(handle.fileno()).st_mtime_ns))
                    return Copy(path, handle)
                handle.close()
        return None

    def has(self, stem: str) -> bool:
        """Tell whether there is a copy of that stem."""
        return any(self._folder.glob(f"{stem}-*"))

    def is_trusted(self, name: str, handle: FileIO) -> bool:
        """Tell whether this process has hashed exactly these bytes."""
        return self._trusted.get(name) == _identity(handle)

    def trust(self, name: str, handle: FileIO) -> None:
        """Remember that the bytes have the hash that the name says."""
        self._trusted[name] = _identity(handle)

    def part(self, stem: str) -> Path:
        """Return where the copy of that stem is fetched to."""
        return self._folder / f"{stem}{_PART}"

    def take_part(self, stem: str) -> FileIO | None:
        """Return an empty file to fetch to, held; `None` while somebody else fetches."""
        path = self.part(stem)
        handle = FileIO(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600), "r+b")
        if _lock(handle, fcntl.LOCK_EX) and _is_at(handle, path):
            handle.truncate(0)
            return handle
        handle.close()
        return None

    def keep(self, part: FileIO, wanted: Wanted, sha256: str) -> None:
        """Give what was fetched its name."""
        name = f"{wanted.stem}-{sha256}"
        os.fchmod(part.fileno(), 0o400)
        self.part(wanted.stem).rename(self._folder / name)
        self.trust(name, part)

    def make_room(self, size_bytes: int) -> None:
        """Remove what killed processes left, and the copies wanted longest ago, for so many new bytes.

        Raises `StorageFull` when they do not fit on the disk.
        """
        kept = sorted(self._kept(), key=lambda entry: entry[1].st_atime)
        total = sum(status.st_size for _, status in kept)
        for path, status in kept:
            is_old = time.time() - status.st_atime > _KEPT_SECONDS
            is_leftover = path.name.endswith(_PART)
            if (is_old or is_leftover or total + size_bytes > self._limit_bytes) and _remove_unheld(path):
                self._trusted.pop(path.name, None)
                total -= status.st_size
        if size_bytes > measure_room(self._folder).free_bytes:
            raise StorageFull("no room for a local copy")

    def _kept(self) -> Iterator[tuple[Path, os.stat_result]]:
        for path in self._folder.iterdir():
            with suppress(FileNotFoundError):
                yield path, path.stat()

    def remove(self, key: str) -> None:
        """Remove every copy of a blob, also from under those who use it."""
        for path in self._folder.glob(f"{_short(key)}-*"):
            path.unlink(missing_ok=True)
            self._trusted.pop(path.name, None)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _identity(handle: FileIO) -> _Identity:
    status = os.fstat(handle.fileno())
    return status.st_ino, status.st_size, status.st_mtime_ns


def _lock(handle: FileIO, kind: int) -> bool:
    """Tell whether the file could be locked at once."""
    try:
        fcntl.flock(handle.fileno(), kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(handle: FileIO, path: Path) -> bool:
    """Tell whether the path still leads to the file: it may have been removed before it was locked."""
    try:
        return path.stat().st_ino == os.fstat(handle.fileno()).st_ino
    except FileNotFoundError:
        return False


def _remove_unheld(path: Path) -> bool:
    with suppress(FileNotFoundError), FileIO(path, "rb") as handle:
        if _lock(handle, fcntl.LOCK_EX):
            path.unlink(missing_ok=True)
            return True
    return False
