"""Wait for something to come true, with a limit."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path


async def eventually(holds: Callable[[], bool | Awaitable[bool]], seconds: float = 20.0) -> None:
    """Return once `holds` does; raise `TimeoutError` after `seconds`."""
    async with asyncio.timeout(seconds):
        while True:
            answer = holds()
            if answer is True or (answer is not False and await answer):
                return
            await asyncio.sleep(0.02)


def open_descriptors() -> int:
    """Return how many descriptors this process holds open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
