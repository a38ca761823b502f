"""The blob store over a bad network, and with a store that fails."""

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from config.bucket import parse_bucket
from storage.blobs.cache import LocalCache
from storage.blobs.s3 import S3BlobStore
from storage.errors import NotFound, StorageFull, StorageUnavailable
from storage.s3 import bucket as bucket_module
from storage.s3 import multipart
from storage.s3.bucket import Bucket, open_bucket
from storage.s3.publishing import USUAL_PART_BYTES
from tests.services.object_store import ObjectStore
from tests.services.proxy import Fault, FaultyProxy, faulty_proxy
from tests.storage.blob_contract import KEY, MIB, read_all

DATA = os.urandom(3 * MIB)


@pytest.fixture
def proxy(object_store: ObjectStore) -> Iterator[FaultyProxy]:
    with faulty_proxy(object_store.port) as proxy:
        yield proxy


@pytest.fixture
async def bucket(object_store: ObjectStore, proxy: FaultyProxy, s3_url: str) -> AsyncIterator[Bucket]:
    url = s3_url.replace(object_store.endpoint, proxy.endpoint)
    async with open_bucket(parse_bucket(url), connections=8) as opened:
        yield opened


@pytest.fixture
def blobs(bucket: Bucket, tmp_path: Path) -> S3BlobStore:
    return S3BlobStore(bucket, LocalCache(tmp_path / "cache", 100 * MIB))


def once(method: str, fault: Fault, times: int = 1, *, after: int = 0, having: str = ""):
    """Let a fault befall so many requests of a method, after so many others."""
    seen = 0

    def choose(first: str) -> Fault:
        nonlocal seen
        if not first.startswith(method) or having not in first:
            return Fault()
        seen += 1
        return fault if after < seen <= after + times else Fault()

    return choose


async def left(bucket: Bucket) -> list[multipart.Unfinished]:
    return await bucket.run(lambda: list(multipart.list_unfinished(bucket, bucket.locate("blobs", ""))))


@pytest.mark.parametrize(
    "fault",
    [Fault(status=503, code="SlowDown"), Fault(cut_sent=100_000), Fault(lose_answer=True)],
    ids=["refused", "cut", "unanswered"],
)
async def test_a_passing_fault_is_not_noticed(blobs, bucket, proxy, tmp_path, fault):
    proxy.choose = once("PUT", fault)
    await blobs.write_bytes(KEY, DATA)
    source, data = tmp_path / "source", DATA * 12
    source.write_bytes(data)
    proxy.choose = once("PUT", fault, after=1)
    await blobs.publish(KEY, source)
    proxy.choose = once("GET", fault)
    assert await read_all(blobs, KEY) == data
    assert not await left(bucket)


async def test_a_reading_that_is_cut_goes_on(blobs, proxy):
    await blobs.write_bytes(KEY, DATA)
    proxy.choose = once("GET", Fault(cut_answer=500_000), times=2)
    assert await read_all(blobs, KEY) == DATA
    proxy.choose = once("GET", Fault(cut_answer=500_000), times=2)
    async with blobs.open_local(KEY, hashlib.sha256(DATA).hexdigest()) as path:
        assert path.read_bytes() == DATA


async def test_a_slow_store_is_waited_for(blobs, proxy):
    proxy.choose = lambda _: Fault(bytes_per_second=8_000_000)
    began = time.monotonic()
    await blobs.write_bytes(KEY, DATA)
    assert await read_all(blobs, KEY) == DATA
    assert time.monotonic() - began > 0.7


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        (Fault(status=503, code="SlowDown"), StorageUnavailable, "fewer requests"),
        (Fault(status=507, code="XMinioStorageFull"), StorageFull, "full"),
        (Fault(cut_sent=0), StorageUnavailable, "connection"),
    ],
    ids=["refused", "full", "cut"],
)
async def test_a_lasting_fault_is_told_and_leaves_nothing(blobs, bucket, proxy, tmp_path, fault, error, said):
    source = tmp_path / "source"
    source.write_bytes(b"x" * (USUAL_PART_BYTES * 2))
    proxy.choose = once("PUT", fault, times=99)
    with pytest.raises(error, match=said):
        await blobs.publish(KEY, source)
    proxy.choose = once("none", fault)
    assert source.exists()
    assert not await left(bucket)
    with pytest.raises(NotFound):
        await blobs.stat(KEY)


@pytest.mark.parametrize("fault", [Fault(lose_answer=True), Fault(status=500, code="InternalError")])
async def test_an_object_whose_completion_was_not_answered_is_looked_for(
    blobs, bucket, proxy, tmp_path, fault
):
    source, data = tmp_path / "source", DATA * 12
    source.write_bytes(data)
    proxy.choose = once("POST", fault, having="uploadId=", times=1 if fault.status else 3)
    await blobs.publish(KEY, source)
    assert await read_all(blobs, KEY) == data
    assert not await left(bucket)


async def test_a_store_that_is_killed_and_comes_back_has_everything(blobs, object_store):
    await blobs.write_bytes(KEY, DATA)
    object_store.kill()
    with pytest.raises(StorageUnavailable):
        await read_all(blobs, KEY)
    with pytest.raises(StorageUnavailable):
        await blobs.stat(KEY)
    object_store.start()
    assert await read_all(blobs, KEY) == DATA


async def test_a_store_that_says_nothing_is_given_up(object_store, proxy, s3_url, monkeypatch, tmp_path):
    monkeypatch.setattr(bucket_module, "_PATIENT", bucket_module.Patience(5, 0.5, 1))
    proxy.choose = lambda _: Fault(silent=True)
    url = s3_url.replace(object_store.endpoint, proxy.endpoint)
    async with open_bucket(parse_bucket(url), 2) as bucket:
        with pytest.raises(StorageUnavailable, match="in time"):
            await S3BlobStore(bucket, LocalCache(tmp_path, 1)).stat(KEY)


async def test_many_at_once_over_a_bad_way_all_end(blobs, proxy):
    faults = [Fault(), Fault(cut_answer=1000), Fault(status=503, code="SlowDown"), Fault(cut_sent=10)]
    await blobs.write_bytes(KEY, DATA)
    proxy.choose = lambda _: faults[len(proxy.requests) % 7 % 4]
    found = await asyncio.gather(*(read_all(blobs, KEY) for _ in range(12)), return_exceptions=True)
    assert {type(one) for one in found} <= {bytes, StorageUnavailable}
    assert {one for one in found if isinstance(one, bytes)} == {DATA}
