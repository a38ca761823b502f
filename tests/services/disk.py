"""A disk so small that a test can fill it."""

import contextlib
import resource
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SmallDisk:
    folder: Path
    #: A disk of its own. Otherwise only the files in it cannot outgrow its size: all others than root get.
    mounted: bool


@contextlib.contextmanager
def small_disk(size_bytes: int) -> Iterator[SmallDisk]:
    """Mount a tmpfs of that size for the test; where that is not allowed, limit the size of every file."""
    with tempfile.TemporaryDirectory(prefix="ei-disk-") as name:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", name]
        if subprocess.run(mount, check=False, capture_output=True).returncode == 0:
            try:
                yield SmallDisk(Path(name), mounted=True)
            finally:
                subprocess.run(["umount", "--lazy", name], check=True)
        else:
            with _small_files(size_bytes):
                yield SmallDisk(Path(name), mounted=False)


@contextlib.contextmanager
def _small_files(size_bytes: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
