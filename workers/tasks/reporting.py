"""Tell how far a running stage is: at most twice a second, however often a tool says so."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from storage.states import StageName
from workers.context import Context

_PAUSE_SECONDS = 0.5

#: Takes the fraction done (0 to 1) and the seconds left, or `None` while they cannot be told.
Tell = Callable[[float, float | None], None]


@asynccontextmanager
async def reporting(context: Context, evidence_id: str, stage: StageName) -> AsyncIterator[Tell]:
    """Give a function that tools may call as often as they like; the newest word is passed on."""
    news = asyncio.Event()
    latest: tuple[float, float | None] = (0.0, None)

    def tell(fraction: float, eta_seconds: float | None) -> None:
        nonlocal latest
        latest = (fraction, eta_seconds)
        news.set()

    async def pass_on() -> None:
        while await news.wait():
            news.clear()
            await context.queue.report(evidence_id, stage, *latest)
            await asyncio.sleep(_PAUSE_SECONDS)

    async with asyncio.TaskGroup() as tasks:
        passing = tasks.create_task(pass_on())
        try:
            yield tell
        finally:
            passing.cancel()
