"""Memory that writers share: who holds more than half a part, and who waits for that."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from storage.uploads import UploadRef
from storage.uploads.s3 import memory
from storage.uploads.s3.memory import Budget
from storage.uploads.s3.memory_objects import MemoryObjects
from tests.services.api import until
from tests.storage.uploads.s3.in_memory import Place

PART_BYTES = 100


async def test_a_writer_whose_part_has_landed_keeps_no_memory_from_others(monkeypatch: pytest.MonkeyPatch):
    put: list[str] = []

    async def note(_: MemoryObjects, place: str, data: bytes) -> None:
        put.append(f"{len(data)} at {place}")

    monkeypatch.setattr(MemoryObjects, "put", note)
    place = Place(PART_BYTES)
    store = place.process()

    async def three_sent() -> bool:
        return place.objects.sends == 3

    async with AsyncExitStack() as opened:
        writers = []
        for number in range(4):
            upload = UploadRef(str(number) * 32, key=f"{number}")
            await store.create(upload)
            writers.append(await opened.enter_async_context(store.open_writer(upload)))
        for writer in writers[:3]:  # as many as may hold a whole part
            await writer.write([bytes(PART_BYTES)])
        await until(three_sent)
        await writers[3].write([bytes(40), bytes(40)])
        assert not put  # because memory was short


async def test_a_writer_waits_longer_while_others_give_back(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(memory, "_PATIENCE_SECONDS", 3.0)
    budget = Budget(1)
    assert await budget.take_whole()
    first, second = (asyncio.create_task(budget.take_whole()) for _ in range(2))
    await asyncio.sleep(1.7)
    budget.give_back()
    assert await first
    await asyncio.sleep(1.7)
    budget.give_back()
    assert await second


async def test_a_writer_waits_no_longer_than_its_bytes_may_be_without_a_copy(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(memory, "_PATIENCE_SECONDS", 1000.0)
    monkeypatch.setattr(memory, "_MOST_SECONDS", 0.3)
    budget = Budget(1)
    assert await budget.take_whole()
    first, second = (asyncio.create_task(budget.take_whole()) for _ in range(2))
    await asyncio.sleep(0)
    budget.give_back()
    assert await first
    async with asyncio.timeout(30):
        assert not await second


async def test_a_writer_gives_up_where_nobody_gives_back(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(memory, "_PATIENCE_SECONDS", 0.1)
    budget = Budget(1)
    assert await budget.take_whole()
    assert not await budget.take_whole()
    budget.give_back()
    assert await budget.take_whole()
