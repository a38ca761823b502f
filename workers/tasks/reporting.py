"""Tell how far a running stage is: at most twice a second, however often a tool says so."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

_PAUSE_SECONDS = 0.5

#: Takes the fraction done (0 to 1) and the seconds left, or `None` while they cannot be told.
Tell = Callable[[float, float | None], None]
Report = Callable[[float, float | None], Awaitable[None]]


@asynccontextmanager
async def reporting(report: Report) -> AsyncIterator[Tell]:
    """Give a function that tools may call as often as they like; the newest word goes to `report`."""
    news = asyncio.Event()
    latest: tuple[float, float | None] = (0.0, None)

    def tell(fraction: float, eta_seconds: float | None) -> None:
        nonlocal latest
        latest = (fraction, eta_seconds)
        news.set()

    async def pass_on() -> None:
        while await news.wait():
            news.clear()
            await report(*latest)
            await asyncio.sleep(_PAUSE_SECONDS)

    async with asyncio.TaskGroup() as tasks:
        passing = tasks.create_task(pass_on())
        try:
            yield tell
        finally:
            passing.cancel()
