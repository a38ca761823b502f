"""How many bytes of a segment count while those behind them are held back.

Beside a segment that ever held bytes back lies `<epoch>.limit`: a number of bytes, or nothing once all of
them count. It is only replaced, never removed: whoever finds the same file before and after it looked at
the segment's size knows that what it read belongs together. All of it blocks.
"""

import os
from contextlib import ExitStack
from io import FileIO
from pathlib import Path

from storage.blobs.disk import open_regular, sync_folder


def counted_bytes(segment: Path, descriptor: int) -> int:
    """Return how many bytes of the open segment count, durable or not."""
    while True:
        with ExitStack() as opened:
            limit = _open(opened, segment)
            size_bytes = os.fstat(descriptor).st_size
            if _is_still(limit, segment):
                counted = _parse(limit)
                return size_bytes if counted is None else min(counted, size_bytes)


def has_limit(segment: Path) -> bool:
    """Tell whether the segment ever held bytes back."""
    return _limit_path(segment).exists()


def set_limit(segment: Path, counted: int | None) -> None:
    """Let only so many bytes count from here on, durably; `None`: all. The caller has locked the segment."""
    fresh = segment.with_suffix(".fresh-limit")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with FileIO(descriptor, "wb") as handle:
        handle.write(b"" if counted is None else b"%d" % counted)
        os.fsync(descriptor)
    fresh.replace(_limit_path(segment))
    sync_folder(segment.parent)


def drop_uncounted(segment: Path, descriptor: int) -> int:
    """Cut off, durably, what does not count of the segment the caller has locked; return what is left."""
    with ExitStack() as opened:
        counted = _parse(_open(opened, segment))
    if counted is not None:
        os.ftruncate(descriptor, min(counted, os.fstat(descriptor).st_size))
        os.fsync(descriptor)
        set_limit(segment, None)
    return os.fstat(descriptor).st_size


def _limit_path(segment: Path) -> Path:
    return segment.with_suffix(".limit")


def _open(opened: ExitStack, segment: Path) -> FileIO | None:
    try:
        return opened.enter_context(open_regular(_limit_path(segment)))
    except FileNotFoundError:
        return None


def _is_still(limit: FileIO | None, segment: Path) -> bool:
    """Tell whether the limit that was opened, or none, is still the segment's."""
    try:
        now = _limit_path(segment).stat()
    except FileNotFoundError:
        return limit is None
    return limit is not None and os.path.samestat(os.fstat(limit.fileno()), now)


def _parse(limit: FileIO | None) -> int | None:
    said = limit.read() if limit else b""
    return int(said) if said else None
