"""What signatures a folder holds: told apart without reading them, because clamd names only official ones."""

from hashlib import sha256
from pathlib import Path

from config.signatures import DATABASES


def fingerprint(folder: Path | None) -> str:
    """Return a short text that changes whenever a database in the folder does; `-` without a folder.

    Names, sizes and times of change count, as for clamd's own `SelfCheck`. Raises `OSError`.
    """
    if folder is None:
        return "-"
    files = sorted(entry for entry in folder.iterdir() if entry.suffix in DATABASES)
    known = [(file.name, status.st_size, status.st_mtime_ns) for file in files for status in [file.stat()]]
    return sha256(repr(known).encode()).hexdigest()[:16]
