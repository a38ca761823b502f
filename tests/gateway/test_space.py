"""The reserve: who is told when it is used, and by how old a look."""

import asyncio

import pytest

from gateway.uploads import space
from gateway.uploads.space import Space
from storage.blobs import Room
from storage.blobs.memory import MemoryBlobStore
from storage.errors import StorageFull


class Disk(MemoryBlobStore):
    """A store whose room a test chooses."""

    free_bytes = 100
    looks = 0

    async def room(self) -> Room:
        self.looks += 1
        await asyncio.sleep(0)
        return Room(total_bytes=1000, free_bytes=self.free_bytes)


async def test_all_who_come_at_once_are_measured_also_the_first_time() -> None:
    room = Space(Disk(), 0)
    told = await asyncio.gather(*(room.require(101) for _ in range(3)), return_exceptions=True)
    assert [type(answer) for answer in told] == [StorageFull] * 3


async def test_a_look_that_is_fresh_is_good_for_many_but_refuses_nobody() -> None:
    disk = Disk()
    room = Space(disk, 0)
    for _ in range(100):
        await room.require(100)
    assert disk.looks < 50
    disk.free_bytes = 200
    await room.require(200)


async def test_at_the_reserve_every_sender_is_told_though_one_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk()
    room = Space(disk, 50)
    await room.require(50)
    monkeypatch.setattr(space, "_STEP_SECONDS", 0.0)
    disk.free_bytes = 49
    with pytest.raises(StorageFull):
        await room.check()
    monkeypatch.undo()
    for _ in range(3):
        with pytest.raises(StorageFull):
            await room.check()
    assert disk.looks == 2
