"""Durable work on local files: in threads, with this package's errors, copied and synced to the disk."""

import asyncio
import errno
import os
import stat
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from io import FileIO
from pathlib import Path
from typing import TypeVar, TypeVarTuple

from storage.blobs import Room
from storage.errors import NotFound, StorageError, StorageFull, StorageUnavailable
from storage.threads import Threads

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

#: The longest that one piece of disk work may take.
LIMIT_SECONDS = 60.0
#: Calls of the disk at once: one that hangs, or joins large files, must keep no other waiting.
_THREADS = 48
#: Bytes read or hashed at once.
PIECE_BYTES = 1 << 20
#: Bytes the kernel copies at once.
COPY_BYTES = 64 << 20

_ERRORS: Mapping[int | None, type[StorageError]] = {
    errno.ENOENT: NotFound,
    errno.ENOTDIR: NotFound,
    errno.ENOSPC: StorageFull,
    errno.EDQUOT: StorageFull,
    errno.EFBIG: StorageFull,
}
#: What opening a link or a socket says.
_NO_FILE = frozenset({errno.ELOOP, errno.ENXIO})
_CANNOT_CLONE = frozenset({errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})

_threads = Threads(_THREADS, "disk")


async def in_thread(
    work: Callable[[*Ts], T],
    *args: *Ts,
    seconds: float = LIMIT_SECONDS,
    undo: Callable[[T], object] | None = None,
    threads: Threads = _threads,
    asked: str = "the disk",
) -> T:
    """Run blocking `work` in a thread, one of the disk's unless said otherwise, and return what it returns.

    The thread cannot be stopped: after a cancellation or a timeout it goes on, so `work` must own
    whatever it uses, and `undo` gets the result that nobody waits for any more. Raises the
    `StorageError` that fits an `OSError` of `work`, and `StorageUnavailable` after `seconds`.
    """
    running: asyncio.Future[T] = threads.call(work, args, undo)
    timer = running.get_loop().call_later(seconds, _give_up, running)
    taken = False
    try:
        result = await running
        taken = True
    except TimeoutError as error:
        raise StorageUnavailable(f"{asked} did not answer within {seconds:.0f} s") from error
    except OSError as error:
        raise _ERRORS.get(error.errno, StorageError)(str(error)) from error
    finally:
        timer.cancel()
        # It may have come in the very moment in which its caller was cancelled.
        if undo and not taken and running.done() and not running.cancelled() and not running.exception():
            threads.undo(undo, running.result())
    return result


def _give_up(running: asyncio.Future[T]) -> None:
    if not running.done():
        running.set_exception(TimeoutError())


def open_regular(path: Path) -> FileIO:
    """Open a file for reading. Raises `NotFound` for a link, a folder or a device: none is ours."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in _NO_FILE:
            raise NotFound(path.name) from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotFound(path.name)
    return FileIO(descriptor, "rb")


async def read_range(path: Path, first: int, last: int | None) -> AsyncGenerator[bytes, None]:
    """Yield the bytes `first` to `last` inclusive (`None`: to the end) of a file in pieces of at most 1 MiB.

    Raises `NotFound` before the first piece.
    """
    with await in_thread(open_regular, path, undo=FileIO.close) as handle:
        end = os.fstat(handle.fileno()).st_size if last is None else last + 1
        while first < end and (piece := await in_thread(_piece, handle, first, end)):
            first += len(piece)
            yield piece


def _piece(handle: FileIO, first: int, end: int) -> bytes:
    return os.pread(handle.fileno(), min(PIECE_BYTES, end - first), first)


def make_folders(folder: Path, root: Path) -> None:
    """Make `folder` and what is missing between it and `root`, for this user only."""
    for part in reversed([folder, *folder.relative_to(root).parents]):
        (root / part).mkdir(mode=0o700, exist_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_upward(folder: Path, root: Path) -> None:
    """Make the names in `folder` and in every folder up to `root` durable."""
    while folder != root:
        sync_folder(folder)
        folder = folder.parent
    sync_folder(root)


def copy_pieces(source: int, target: int, size_bytes: int) -> Iterator[int]:
    """Copy the first `size_bytes` of one descriptor to the other's position; yield after each piece.

    Inside the kernel, without copying at all where the file system can share blocks
    (copy_file_range(2)). Raises `OSError` if the source is shorter.
    """
    done = 0
    while done < size_bytes:
        copied = _copy_piece(source, target, done, min(COPY_BYTES, size_bytes - done))
        if not copied:
            raise OSError(errno.EIO, "a file is shorter than it was")
        done += copied
        yield done


def _copy_piece(source: int, target: int, start: int, count: int) -> int:
    try:
        return os.copy_file_range(source, target, count, offset_src=start)
    except OSError as error:
        if error.errno not in _CANNOT_CLONE:
            raise
    return os.sendfile(target, source, start, count)


def measure_room(folder: Path) -> Room:
    """Return the room on the disk that holds `folder`."""
    disk = os.statvfs(folder)
    return Room(disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize)
