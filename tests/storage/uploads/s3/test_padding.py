"""Parts that do not count: what is finished has none of their bytes, also where the store wants all named."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest

from storage.errors import StorageUnavailable
from storage.records.database import migrate
from storage.uploads import UploadRef
from storage.uploads.s3.account import Extent, ExtentKind
from storage.uploads.s3.memory_objects import MemoryObjects
from storage.uploads.s3.padding import layout_of
from storage.uploads.s3.store import S3UploadStore
from tests.services.object_store import BUCKET, ObjectStore
from tests.storage.blob_contract import read_all
from tests.storage.upload_sample import ID, KEY
from tests.storage.uploads.s3.deployment import deployed
from tests.storage.uploads.s3.in_memory import Cut, Line, Place
from tests.storage.uploads.s3.test_processes import pattern
from tests.storage.uploads.s3.test_stories import nothing_is_left

UPLOAD = UploadRef(ID, key=KEY)
PART_BYTES = 100


def part(number: int, size_bytes: int) -> Extent:
    return Extent(ExtentKind.PART, number, f'"{number}"', size_bytes)


def test_what_counts_is_found_between_the_fillers_of_all_other_numbers():
    layout = layout_of("place", "id", [part(2, 8), part(3, 8), part(6, 5)], next_number=8, filler_bytes=10)
    assert layout.gaps == (1, 4, 5, 7)
    assert (layout.size_bytes, layout.padded_bytes) == (21, 61)
    assert layout.spans() == ((10, 8), (18, 8), (46, 5))


def test_without_gaps_the_object_of_all_parts_is_the_whole():
    layout = layout_of("place", "id", [part(1, 8), part(2, 3)], next_number=3, filler_bytes=10)
    assert (layout.gaps, layout.padded_bytes) == ((), layout.size_bytes)


async def send_with_waste(uploads: S3UploadStore, size: int, waste: bytes = b"never" * PART_BYTES) -> None:
    """Send so many bytes, and before each half waste that is held back, then dropped as for a checksum."""
    await uploads.create(UPLOAD)
    half = size // 2
    for first, end in ((0, half), (half, size)):
        async with uploads.open_writer(UPLOAD) as writer:
            await writer.hold_back()
            await writer.write([waste])
        async with uploads.open_writer(UPLOAD) as writer:
            await writer.write([pattern(first, end)])
            await writer.sync()


class Turns:
    """A line at which others have some turns before each call."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def line_to(self, target: Any) -> Line:
        return Line(target, self)

    async def call(self, work: Callable[..., Awaitable[Any]], *args: Any, **named: Any) -> Any:
        for _ in range(self._random.randrange(6)):
            await asyncio.sleep(0)
        return await work(*args, **named)


@pytest.mark.parametrize("size", [1000, 1030], ids=["whole parts", "and a last one"])
async def test_of_many_who_finish_at_once_all_give_the_whole(size):
    for seed in range(30):
        place, turns = Place(PART_BYTES, wants_all=True), Turns(Random(seed))
        await send_with_waste(place.process(), size)
        told = await asyncio.gather(*(place.process(turns).finish(UPLOAD, KEY) for _ in range(5)))
        assert set(told) == {size}
        assert await read_all(place.blobs, KEY) == pattern(0, size)
        await nothing_is_left(place)


@pytest.mark.parametrize("wants_all", [False, True])
async def test_of_many_who_finish_where_tags_differ_each_time_somebody_does_and_then_all_have(wants_all):
    for seed in range(30):
        place, turns = Place(PART_BYTES, wants_all=wants_all, salts=True), Turns(Random(seed))
        await send_with_waste(place.process(), 1030)
        finishing = (place.process(turns).finish(UPLOAD, KEY) for _ in range(3))
        told = await asyncio.gather(*finishing, return_exceptions=True)
        assert all(answer == 1030 or isinstance(answer, StorageUnavailable) for answer in told)
        assert await place.process().finish(UPLOAD, KEY) == 1030
        assert await read_all(place.blobs, KEY) == pattern(0, 1030)


async def test_of_many_in_one_process_who_finish_one_sends_the_last_part():
    place = Place(PART_BYTES)
    uploads = place.process()
    await send_with_waste(uploads, 1030)
    before = place.objects.sends
    assert set(await asyncio.gather(*(uploads.finish(UPLOAD, KEY) for _ in range(5)))) == {1030}
    assert place.objects.sends == before + 1


@pytest.mark.parametrize("done", [False, True])
async def test_who_is_killed_while_finishing_is_followed_by_the_next(done):
    for calls in count(1):
        place = Place(PART_BYTES, wants_all=True)
        await send_with_waste(place.process(), 1030)
        try:
            await place.process(Cut(calls, done)).finish(UPLOAD, KEY)
        except StorageUnavailable:
            assert await place.process().finish(UPLOAD, KEY) == 1030
        else:
            break
        assert await read_all(place.blobs, KEY) == pattern(0, 1030)
    assert calls > 25


class LateObjects(MemoryObjects):
    """One part of a writer that was taken over comes late: just after its number was filled."""

    late = True

    async def complete(self, place, multipart_id, parts):
        if len(parts) == len(self._multiparts[multipart_id].parts) and self.late:
            self.late = False
            await self.send(place, multipart_id, 1, b"late" * PART_BYTES)
        await super().complete(place, multipart_id, parts)


async def test_a_part_that_comes_late_is_filled_again_by_the_next_attempt():
    place = Place(PART_BYTES)
    place.objects = LateObjects(PART_BYTES, wants_all=True)
    place.blobs._objects = place.objects
    uploads = place.process()
    await send_with_waste(uploads, 1030)
    with pytest.raises(StorageUnavailable):
        await uploads.finish(UPLOAD, KEY)
    assert await uploads.finish(UPLOAD, KEY) == 1030
    assert await read_all(place.blobs, KEY) == pattern(0, 1030)


@pytest.fixture
async def processes(s3_url: str, tmp_path: Path) -> AsyncIterator[tuple[S3UploadStore, S3UploadStore]]:
    ledger = f"sqlite:///{tmp_path / 'intake.db'}"
    migrate(ledger)
    async with deployed(s3_url, ledger) as one, deployed(s3_url, ledger) as other:
        yield one, other


async def test_on_a_server_the_whole_has_no_byte_of_them(
    processes: tuple[S3UploadStore, S3UploadStore], object_store: ObjectStore, s3_url: str
) -> None:
    one, other = processes
    size = (20 << 20) + 7
    await send_with_waste(one, size, bytes(10 << 20))
    sizes = await asyncio.gather(*(each.finish(UPLOAD, KEY) for each in (one, other, one, other)))
    assert set(sizes) == {size}
    prefix = s3_url.partition("?")[0].rpartition("/")[2]
    stored = object_store.client().get_object(Bucket=BUCKET, Key=f"{prefix}/blobs/{KEY}")
    assert stored["Body"].read() == pattern(0, size)
    assert not object_store.client().list_multipart_uploads(Bucket=BUCKET, Prefix=prefix).get("Uploads")
