"""Overlapping windows of a file that is too large to be scanned whole, each copied into anonymous memory.

clamd scans nothing at all of a file above 2,147,483,645 bytes, whatever it is configured to.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from scanning.errors import ScanError

MIB = 1 << 20
_STEP_BYTES = 4 * MIB


@dataclass(frozen=True, slots=True)
class WindowPolicy:
    """When a file is scanned in windows, and in which; all in bytes."""

    #: clamd's own ceiling (`INT_MAX - 2`), inclusive.
    whole_bytes: int = 2_147_483_645
    window_bytes: int = 256 * MIB
    #: What two neighbours share: no signature that is shorter is lost at a border.
    overlap_bytes: int = 16 * MIB

    def __post_init__(self) -> None:
        if not 0 <= self.overlap_bytes < self.window_bytes <= self.whole_bytes:
            raise ValueError("windows must be longer than their overlap, and no longer than what clamd scans")


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a file, in bytes."""

    offset: int
    length: int


def plan_windows(size_bytes: int, policy: WindowPolicy) -> tuple[Window, ...]:
    """Cover `size_bytes` from the first byte to the last."""
    step = policy.window_bytes - policy.overlap_bytes
    last = max(0, size_bytes - policy.overlap_bytes - 1) // step
    return tuple(
        Window(index * step, min(policy.window_bytes, size_bytes - index * step)) for index in range(last + 1)
    )


@asynccontextmanager
async def open_window(path: Path, window: Window, limit_seconds: float) -> AsyncIterator[int]:
    """Give a descriptor of a memory file that holds the window; raises `ScanError` if it cannot be filled."""
    filling = asyncio.get_running_loop().run_in_executor(None, _fill, path, window)
    try:
        async with asyncio.timeout(limit_seconds):
            descriptor = await asyncio.shield(filling)
    except TimeoutError as error:
        filling.add_done_callback(_close_unused)
        raise ScanError(f"a window could not be read within {limit_seconds:.0f} s") from error
    except asyncio.CancelledError:
        # The thread cannot be stopped: what it opens is closed when it is done.
        filling.add_done_callback(_close_unused)
        raise
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _close_unused(filling: asyncio.Future[int]) -> None:
    if not filling.cancelled() and filling.exception() is None:
        os.close(filling.result())


def _fill(path: Path, window: Window) -> int:
    memory = os.memfd_create("window", os.MFD_CLOEXEC)
    try:
        with path.open("rb", buffering=0) as source:
            _copy(source.fileno(), memory, window)
    except BaseException:
        os.close(memory)
        raise
    return memory


def _copy(source: int, target: int, window: Window) -> None:
    done = 0
    while done < window.length:
        sent = os.sendfile(target, source, window.offset + done, min(_STEP_BYTES, window.length - done))
        if sent == 0:
            raise ScanError(f"the file ended {window.length - done} bytes early")
        done += sent
