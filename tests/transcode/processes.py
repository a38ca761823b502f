"""Which processes descend from this one, and waiting for that to change."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path


def descendants() -> set[int]:
    """Return the ids of all living processes below this one."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if state != "Z":
                parents[int(folder.name)] = int(parent)
    found = {os.getpid()}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {os.getpid()}


async def until(holds: Callable[[], object], seconds: float = 10) -> None:
    """Poll until `holds` says so; raise `TimeoutError` if it never does."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - the kernel's table of processes sends no event
            await asyncio.sleep(0.02)
