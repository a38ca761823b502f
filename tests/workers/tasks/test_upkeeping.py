"""What one worker does beside its jobs, when workers of several machines take turns at it."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from scanning.pool import ClamdPool
from tests.services.clamd import ClamdServer
from tests.workers.tasks.conftest import Workplace
from workers.keys import Keys
from workers.queue import JobQueue
from workers.upkeeping import Upkeeping


@pytest.fixture
def machines(
    laboratory: Workplace, clamd_server: ClamdServer, tmp_path: Path
) -> list[tuple[Upkeeping, Path]]:
    """Two workers, each with signatures of its own that hold the same."""
    made = []
    for name in ("one", "other"):
        folder = Path(shutil.copytree(clamd_server.database, tmp_path / name, copy_function=shutil.copyfile))
        context = laboratory.context
        settings = context.settings.model_copy(update={"signatures": folder})
        scanner = ClamdPool([clamd_server.socket], signatures=folder)
        # Each has the turn whenever it looks, as after a while without the other.
        queue = JobQueue(context.queue._client, Keys(name), context.queue.counters)
        own = replace(context, name=name, scanner=scanner, settings=settings, queue=queue)
        made.append((Upkeeping(own), folder))
    return made


async def in_force(place: Workplace) -> tuple[str, object]:
    found = await place.context.upkeep.present_signatures()
    assert found
    return found.identity, found.effective_at


async def test_equal_signatures_of_another_machine_are_no_new_ones(
    laboratory: Workplace, machines: list[tuple[Upkeeping, Path]]
) -> None:
    (one, _), (other, _) = machines
    for _ in range(2):
        await one.look()
    before = await in_force(laboratory)
    for _ in range(3):
        await other.look()
    assert await in_force(laboratory) == before


async def test_a_machine_that_is_behind_puts_no_older_signatures_into_force_and_then_follows(
    laboratory: Workplace, machines: list[tuple[Upkeeping, Path]]
) -> None:
    (one, ahead), (other, behind) = machines
    for _ in range(2):
        await one.look()
    (ahead / "new.ndb").write_text("New.Test:0:*:6162636465666768\n")
    for _ in range(2):
        await one.look()
    newest = await in_force(laboratory)
    for _ in range(3):
        await other.look()
    assert await in_force(laboratory) == newest
    shutil.copyfile(ahead / "new.ndb", behind / "new.ndb")
    for _ in range(3):
        await other.look()
    assert await in_force(laboratory) == newest
