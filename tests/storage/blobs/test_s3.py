import asyncio
import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from config.bucket import parse_bucket
from storage.blobs import s3
from storage.blobs.cache import LocalCache
from storage.blobs.s3 import S3BlobStore
from storage.errors import Damaged, NotFound, StorageError
from storage.s3 import MOST_PARTS, multipart, publishing
from storage.s3.bucket import Bucket, open_bucket
from storage.s3.publishing import USUAL_PART_BYTES, part_bytes_of
from tests.services.object_store import CREDENTIALS, ObjectStore
from tests.storage.blob_contract import KEY, MIB, OTHER, BlobContract, read_all

GIB = 1 << 30


@pytest.fixture(scope="module")
def opened(_object_store_process: ObjectStore) -> Iterator[Bucket]:
    """A client, which takes a while to make."""
    with pytest.MonkeyPatch.context() as patch, asyncio.Runner() as runner:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        opening = open_bucket(parse_bucket(_object_store_process.url("")), connections=8)
        yield runner.run(opening.__aenter__())
        runner.run(opening.__aexit__(None, None, None))


class TestS3BlobStore(BlobContract):
    @pytest.fixture
    def bucket(self, opened: Bucket, s3_url: str) -> Bucket:
        self._bucket = replace(opened, prefix=parse_bucket(s3_url).prefix)
        return self._bucket

    @pytest.fixture
    def blobs(self, bucket: Bucket, tmp_path: Path) -> S3BlobStore:
        return self.open_store(tmp_path / "blobs")

    def open_store(self, folder: Path) -> S3BlobStore:
        return S3BlobStore(self._bucket, LocalCache(folder / "cache", 8 * MIB))

    async def test_a_file_larger_than_a_part_is_sent_in_parts(self, blobs, bucket, source):
        data = os.urandom(USUAL_PART_BYTES * 2 + 12_345)
        source.write_bytes(data)
        assert (await blobs.publish(KEY, source)).size_bytes == len(data)
        assert not source.exists()
        assert hashlib.sha256(await read_all(blobs, KEY)).digest() == hashlib.sha256(data).digest()
        assert await read_all(blobs, KEY, 5 * MIB, 5 * MIB + 9) == data[5 * MIB : 5 * MIB + 10]
        assert not await bucket.run(
            lambda: list(multipart.list_unfinished(bucket, bucket.locate("blobs", "")))
        )

    async def test_an_original_is_fetched_once_for_two_openers_at_once_and_for_later_ones(
        self, blobs, monkeypatch
    ):
        data = os.urandom(3 * MIB)
        await blobs.write_bytes(KEY, data)
        fetched: list[str] = []
        real = s3.stream

        def counting(bucket: Bucket, key: str, *rest: int | None, **options: int) -> object:
            fetched.append(key)
            return real(bucket, key, *rest, **options)

        monkeypatch.setattr(s3, "stream", counting)

        async def look(sha256: str | None) -> bytes:
            async with blobs.open_local(KEY, sha256) as path:
                return path.read_bytes()

        sha256 = hashlib.sha256(data).hexdigest()
        assert await asyncio.gather(look(None), look(sha256), look(sha256)) == [data] * 3
        assert await look(sha256) == data
        assert len(fetched) == 1

    async def test_a_replaced_object_is_fetched_anew(self, blobs):
        for data in (b"old", b"new"):
            await blobs.write_bytes(KEY, data)
            async with blobs.open_local(KEY, None) as path:
                assert path.read_bytes() == data

    async def test_bytes_that_are_not_those_on_record_are_never_given(self, blobs):
        await blobs.write_bytes(KEY, b"other bytes")
        with pytest.raises(Damaged):
            async with blobs.open_local(KEY, hashlib.sha256(b"the bytes").hexdigest()):
                pass

    async def test_deleting_removes_the_copy_here_too(self, blobs, tmp_path):
        await blobs.write_bytes(KEY, b"secret")
        async with blobs.open_local(KEY, None):
            pass
        assert list((tmp_path / "blobs" / "cache").iterdir())
        await blobs.delete(KEY)
        assert not list((tmp_path / "blobs" / "cache").iterdir())

    async def test_a_cancelled_publication_leaves_no_parts(self, blobs, bucket, source, monkeypatch):
        source.write_bytes(b"x" * (USUAL_PART_BYTES * 3))
        begun = asyncio.Event()
        loop = asyncio.get_running_loop()
        real = publishing.send_part

        def slow(*given: object) -> str:
            loop.call_soon_threadsafe(begun.set)
            return real(*given)

        monkeypatch.setattr(publishing, "send_part", slow)
        publishing_task = asyncio.create_task(blobs.publish(KEY, source))
        await begun.wait()
        publishing_task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await publishing_task
        assert not await bucket.run(
            lambda: list(multipart.list_unfinished(bucket, bucket.locate("blobs", "")))
        )
        assert source.exists()
        with pytest.raises(NotFound):
            await blobs.stat(KEY)

    async def test_parts_that_a_killed_process_left_are_dropped_after_a_day(
        self, blobs, bucket, source, monkeypatch
    ):
        for key in (OTHER, KEY):
            located = blobs.locate(key)
            upload_id = await bucket.run(multipart.begin, bucket, located)
            await bucket.run(multipart.send_part, bucket, located, upload_id, 1, b"left")
        await blobs.publish(OTHER + "1", source)
        listed = lambda: list(multipart.list_unfinished(bucket, bucket.locate("blobs", "")))  # noqa: E731
        assert len(await bucket.run(listed)) == 2
        monkeypatch.setattr(s3, "_LEFTOVER_SECONDS", -5.0)
        source.write_bytes(b"x")
        await S3BlobStore(bucket, blobs._cache).publish(OTHER + "2", source)
        # The parts of a whole upload are looked after by the upload store.
        assert [left.key for left in await bucket.run(listed)] == [blobs.locate(KEY)]

    async def test_a_file_that_becomes_shorter_while_it_is_sent_is_no_blob(self, blobs, source, monkeypatch):
        source.write_bytes(b"x" * (USUAL_PART_BYTES * 2))
        real = publishing._read_exactly

        def cutting(path: Path, start: int, count: int) -> bytes:
            os.truncate(path, MIB)
            return real(path, start, count)

        monkeypatch.setattr(publishing, "_read_exactly", cutting)
        with pytest.raises(StorageError):
            await blobs.publish(KEY, source)
        with pytest.raises(NotFound):
            await blobs.stat(KEY)


@pytest.mark.parametrize("size_bytes", [0, 1, MIB, 50 * 10**9, 160 * GIB, 160_000 * MIB + 1, 5 << 40])
def test_no_file_has_too_many_parts(size_bytes):
    part_bytes = part_bytes_of(size_bytes)
    assert -(-size_bytes // part_bytes) <= MOST_PARTS
    assert part_bytes >= USUAL_PART_BYTES
    assert part_bytes % MIB == 0
