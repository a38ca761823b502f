"""Uploads whose client sends the parts straight to the store, on a real one."""

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from config.bucket import parse_bucket
from storage.blobs.cache import LocalCache
from storage.blobs.s3 import S3BlobStore
from storage.errors import NotFound, UploadBusy, WriterFenced
from storage.s3 import multipart
from storage.s3.bucket import open_bucket
from storage.uploads import UploadRef
from storage.uploads.s3.bucket import BucketObjects
from storage.uploads.s3.direct import S3DirectUploads
from storage.uploads.s3.memory_ledger import MemoryLedger
from storage.uploads.s3.store import S3UploadStore
from tests.storage.blob_contract import KEY, MIB, read_all

REF = UploadRef("a" * 32, key=KEY)
FIRST, LAST = bytes(range(256)) * 4096 * 5, b"the end"


class Place:
    def __init__(self, bucket, folder: Path) -> None:
        self.bucket, ledger = bucket, MemoryLedger()
        self.blobs = S3BlobStore(bucket, LocalCache(folder, MIB))
        self.uploads = S3UploadStore(BucketObjects(bucket), ledger)
        self.direct = S3DirectUploads(bucket, ledger)

    async def put(self, number: int, data: bytes) -> int:
        url = await self.direct.sign(REF, number, 60)
        async with (
            aiohttp.ClientSession() as client,
            client.put(URL(url, encoded=True), data=io.BytesIO(data)) as answer,
        ):
            return answer.status

    async def unfinished(self) -> list[multipart.Unfinished]:
        prefix = self.bucket.locate("blobs", "")
        return await self.bucket.run(lambda: list(multipart.list_unfinished(self.bucket, prefix)))


@pytest.fixture
async def place(s3_url: str, tmp_path: Path) -> AsyncIterator[Place]:
    async with open_bucket(parse_bucket(s3_url), 4) as bucket:
        place = Place(bucket, tmp_path)
        await place.uploads.create(REF)
        yield place


async def test_parts_sent_to_signed_addresses_become_the_blob(place: Place) -> None:
    await place.direct.begin(REF)
    await place.direct.begin(REF)
    assert [await place.put(2, LAST), await place.put(1, FIRST)] == [200, 200]
    parts = await place.direct.parts(REF)
    assert [(part.number, part.size_bytes) for part in parts] == [(1, len(FIRST)), (2, len(LAST))]
    for _ in range(2):
        await place.direct.adopt(REF, parts)
    assert await place.uploads.offset(REF) == len(FIRST + LAST)
    sizes = await asyncio.gather(*(place.uploads.finish(REF, KEY) for _ in range(2)))
    assert sizes == [len(FIRST + LAST)] * 2
    assert await read_all(place.blobs, KEY) == FIRST + LAST
    assert not await place.unfinished()


async def test_nothing_can_be_sent_once_it_is_the_blob(place: Place) -> None:
    await place.direct.begin(REF)
    url = await place.direct.sign(REF, 1, 60)
    await place.put(1, LAST)
    await place.direct.adopt(REF, await place.direct.parts(REF))
    await place.uploads.finish(REF, KEY)
    async with (
        aiohttp.ClientSession() as client,
        client.put(URL(url, encoded=True), data=b"other") as answer,
    ):
        assert answer.status == 404
    assert await read_all(place.blobs, KEY) == LAST
    for work in (place.direct.sign(REF, 1, 60), place.direct.parts(REF), place.direct.adopt(REF, [])):
        with pytest.raises(NotFound):
            await work


async def test_what_is_sent_to_the_store_is_sent_nowhere_else(place: Place) -> None:
    await place.direct.begin(REF)
    with pytest.raises(WriterFenced):
        async with place.uploads.open_writer(REF):
            pass
    other = UploadRef("b" * 32, key=KEY)
    await place.uploads.create(other)
    async with place.uploads.open_writer(other) as writer:
        await writer.write([b"bytes"])
        await writer.sync()
    with pytest.raises(UploadBusy):
        await place.direct.begin(other)
    with pytest.raises(NotFound):
        await place.direct.sign(other, 1, 60)
    assert len(await place.unfinished()) == 1


async def test_deleting_it_leaves_no_parts(place: Place) -> None:
    await place.direct.begin(REF)
    await place.put(1, FIRST)
    await place.uploads.delete(REF.id)
    assert not await place.unfinished()
    with pytest.raises(NotFound):
        await place.direct.sign(REF, 1, 60)
