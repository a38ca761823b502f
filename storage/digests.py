"""SHA-256 of files."""

import hashlib
import threading
from pathlib import Path

from storage.blobs.disk import PIECE_BYTES, in_thread, open_regular

#: The largest original (50 GB) from a slow disk.
_LIMIT_SECONDS = 3600.0


async def sha256_file(path: Path) -> str:
    """Return the SHA-256 (hex) of a file's bytes; stops between two reads when cancelled.

    Raises `NotFound`, and `StorageError` when the disk fails.
    """
    stop = threading.Event()
    try:
        return await in_thread(_digest, path, stop, seconds=_LIMIT_SECONDS)
    finally:
        stop.set()


def _digest(path: Path, stop: threading.Event) -> str:
    digest = hashlib.sha256()
    buffer = memoryview(bytearray(PIECE_BYTES))
    with open_regular(path) as handle:
        while not stop.is_set() and (count := handle.readinto(buffer)):
            digest.update(buffer[:count])
    return digest.hexdigest()
