"""A ceiling on the memory that reading one hostile file may take."""

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from scanning.findings import suspicious

Result = TypeVar("Result")
#: Of `/proc/self/statm`: what counts towards the limit, in pages. Source: proc(5).
_DATA_FIELD = 5


@contextmanager
def limited_memory(more_bytes: int) -> Iterator[None]:
    """Let this process take at most so many bytes more than it has; beyond, it meets `MemoryError`."""
    before = resource.getrlimit(resource.RLIMIT_DATA)
    pages = int(Path("/proc/self/statm").read_text().split()[_DATA_FIELD])
    wanted = pages * resource.getpagesize() + more_bytes
    limits = [limit for limit in before if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min([wanted, *limits]), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def sparing(read: Callable[..., Result], *arguments: object) -> Result:
    """Call what reads a file; raises `Flawed` for a file that would fill the memory."""
    try:
        return read(*arguments)
    except MemoryError as error:
        raise suspicious("it takes far more memory to read than such a file does") from error
