"""Keeps parts running: starts them, waits until they answer, and starts again what dies."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from config.stack import PartError
from config.stack.child import end_child, start_child
from config.stack.layout import Layout
from config.stack.part import Part
from config.stack.talk import tell

#: A part that dies this often before it ever answered will not answer.
FIRST_TRIES = 3
#: A part that ran this long starts with the shortest pause again.
SETTLED_SECONDS = 30.0


@dataclass(slots=True)
class Keeper:
    """Keeps one part running until it is cancelled, then ends it."""

    part: Part
    layout: Layout
    env: Mapping[str, str]
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    deaths: int = 0

    @property
    def log(self) -> Path:
        """Where the part's output goes."""
        return self.layout.log(self.part.name)

    async def keep(self) -> None:
        """Run the part for ever.

        Raises:
            PartError: it is waited for and died `FIRST_TRIES` times without answering.
        """
        clock, pause = asyncio.get_running_loop().time, self.part.pause_seconds
        while True:
            started = clock()
            status = await self._run_once()
            self.deaths += 1
            if self.part.ask and not self.answered.is_set() and self.deaths >= FIRST_TRIES:
                raise PartError(self.part.name, self.log, f"does not start (status {status})")
            if clock() - started > SETTLED_SECONDS:
                pause = self.part.pause_seconds
            tell(f"{self.part.name} ended with status {status} and is started again; see {self.log}")
            await asyncio.sleep(pause)
            pause = min(2 * pause, self.part.longest_pause_seconds)

    async def _run_once(self) -> int:
        child = await start_child(self.part.argv, env=self.env, log=self.log, keep_fd=self.layout.lock_fd)
        try:
            return await child.wait()
        finally:
            await end_child(child, self.part.grace_seconds)

    async def until_it_answers(self) -> None:
        """Wait until the part answers; a part that nobody asks is taken as answering.

        Raises:
            PartError: it did not within its `start_seconds`.
        """
        if self.part.ask is None:
            return
        try:
            async with asyncio.timeout(self.part.start_seconds):
                while not await self._answers():  # noqa: ASYNC110 - other programs set no events
                    await asyncio.sleep(0.05)
        except TimeoutError as error:
            problem = f"does not answer within {self.part.start_seconds:.0f} s"
            raise PartError(self.part.name, self.log, problem) from error
        self.answered.set()

    async def _answers(self) -> bool:
        if self.part.ask is None:
            return True
        try:
            return await self.part.ask()
        except (OSError, TimeoutError):
            return False


@contextlib.asynccontextmanager
async def kept(
    parts: Sequence[Part], *, layout: Layout, env: Mapping[str, str]
) -> AsyncIterator[tuple[Keeper, ...]]:
    """Keep the parts running inside the block, which begins when all have answered; end them after it.

    Raises:
        ExceptionGroup: of `PartError`.
    """
    keepers = tuple(Keeper(part, layout, env) for part in parts)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(keeper.keep(), name=keeper.part.name) for keeper in keepers]
        async with asyncio.TaskGroup() as asking:
            for keeper in keepers:
                asking.create_task(keeper.until_it_answers())
        yield keepers
        for task in tasks:
            task.cancel()
