"""Memory that writers share: who holds more than half a part, and who waits for that."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from storage.uploads import UploadRef
from storage.uploads.s3 import memory
from storage.uploads.s3 import writer as writing
from storage.uploads.s3.account import Account
from storage.uploads.s3.ledger import Decide
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


async def test_what_was_durable_can_be_read_until_the_ledger_knows_the_part_that_it_went_into(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(writing, "_SETTLE_SECONDS", 0.1)
    place = Place(PART_BYTES)
    store, upload = place.process(), UploadRef("0" * 32, key="0")
    change, get = place.ledger.change, place.objects.get
    told, asked = asyncio.Event(), asyncio.Event()

    async def change_late(upload_id: str, decide: Decide) -> Account:
        if place.objects.sends:
            asked.set()
            await told.wait()
        return await change(upload_id, decide)

    async def get_slowly(name: str, first: int, size_bytes: int) -> bytes:
        told.set()
        await asyncio.sleep(0.05)
        return await get(name, first, size_bytes)

    monkeypatch.setattr(place.ledger, "change", change_late)
    monkeypatch.setattr(place.objects, "get", get_slowly)
    await store.create(upload)
    async with store.open_writer(upload) as writer:
        await writer.write([b"a" * 40])
        await writer.sync()
        await writer.write([b"b" * 60])
        await asked.wait()
        assert b"".join([piece async for piece in store.read(upload, 0, 39)]) == b"a" * 40
        told.set()


async def test_a_writer_that_is_cancelled_twice_is_closed_all_the_same():
    place = Place(PART_BYTES)
    store, upload = place.process(), UploadRef("0" * 32, key="0")
    await store.create(upload)

    async def hold() -> None:
        async with store.open_writer(upload) as writer:
            await writer.write([bytes(80)])
            await asyncio.sleep(100)

    async def is_free() -> bool:
        return (await place.ledger.load(upload.id)).holder is None

    holding = asyncio.create_task(hold())
    await asyncio.sleep(0.05)
    for _ in range(2):
        holding.cancel()
        await asyncio.sleep(0)
    await asyncio.gather(holding, return_exceptions=True)
    await until(is_free)
    assert await store.offset(upload) == 80


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
