"""What signatures a folder holds: told by the files themselves, because clamd names only official ones."""

from functools import lru_cache
from hashlib import file_digest, sha256
from pathlib import Path

from config.signatures import DATABASES


def fingerprint(folder: Path | None) -> str:
    """Return a short text that changes whenever a database in the folder does; `-` without a folder.

    Folders of several machines that hold the same have the same. Raises `OSError`.
    """
    if folder is None:
        return "-"
    files = sorted(entry for entry in folder.iterdir() if entry.suffix in DATABASES)
    known = [
        (file.name, _digest(file, status.st_size, status.st_mtime_ns))
        for file in files
        for status in [file.stat()]
    ]
    return sha256(repr(known).encode()).hexdigest()[:16]


@lru_cache(maxsize=64)
def _digest(file: Path, _size: int, _changed_ns: int) -> str:
    """Return the SHA-256 of a file, read again only when its size or time of change is another."""
    with file.open("rb") as content:
        return file_digest(content, "sha256").hexdigest()
