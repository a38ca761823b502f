import asyncio
import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from storage.blobs.local import LocalBlobStore
from storage.errors import NotFound, StorageError, StorageFull, UploadBusy
from storage.uploads import UploadRef
from storage.uploads.local import LocalUploadStore
from tests.services.disk import small_disk
from tests.storage.blob_contract import read_all
from tests.storage.upload_contract import UploadContract
from tests.storage.upload_sample import KEY, UPLOAD
from tests.storage.upload_stores import HOSTILE_IDS
from tests.storage.upload_story import take_over


class TestLocalUploadStore(UploadContract):
    def open_stores(self, folder: Path) -> tuple[LocalUploadStore, LocalBlobStore]:
        blobs = LocalBlobStore(folder / "blobs")
        return LocalUploadStore(folder / "uploads", blobs), blobs

    async def test_files_and_folders_are_for_this_user_only(self, uploads, tmp_path):
        await uploads.create(UPLOAD)
        async with uploads.open_writer(await take_over(uploads, UPLOAD)):
            pass
        for path in (tmp_path / "uploads").rglob("*"):
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)

    @pytest.mark.parametrize("upload_id", HOSTILE_IDS)
    async def test_hostile_ids_make_nothing(self, uploads, tmp_path, upload_id):
        with pytest.raises(NotFound):
            await uploads.create(UploadRef(upload_id))
        assert not list((tmp_path / "uploads").iterdir())

    @pytest.mark.parametrize("batch_bytes", [300_000, 1 << 30])
    async def test_a_full_disk_keeps_what_was_written(self, batch_bytes):
        data = bytes(range(253)) * 40_000
        with small_disk(4 << 20) as disk:
            uploads, blobs = self.open_stores(disk.folder)
            await uploads.create(UPLOAD)
            with pytest.raises(StorageFull):
                await self.fill(uploads, data, batch_bytes)
            offset = await uploads.offset(UPLOAD)
            assert 3 << 20 < offset <= 4 << 20
            with pytest.raises(StorageFull):
                await self.fill(uploads, data[offset:], batch_bytes)
            assert await uploads.offset(UPLOAD) == offset
            assert await uploads.finish(UPLOAD, KEY) == offset
            assert await read_all(blobs, KEY) == data[:offset]

    async def test_a_disk_that_is_full_of_what_is_held_back_has_room_again_afterwards(self):
        data = bytes(range(253)) * 40_000
        with small_disk(4 << 20) as disk:
            uploads, blobs = self.open_stores(disk.folder)
            await uploads.create(UPLOAD)
            await self.send(uploads, b"abc")
            for _ in range(2):
                with pytest.raises(StorageFull):
                    await self.hold_back(uploads, data)
                assert await uploads.offset(UPLOAD) == 3
            await self.send(uploads, data[: 3 << 20])
            assert await uploads.finish(UPLOAD, KEY) == 3 + (3 << 20)
            assert await read_all(blobs, KEY) == b"abc" + data[: 3 << 20]

    async def hold_back(self, uploads: LocalUploadStore, data: bytes) -> None:
        async with uploads.open_writer(UPLOAD) as writer:
            await writer.hold_back()
            await writer.write([data])
            await writer.keep()

    async def fill(self, uploads: LocalUploadStore, data: bytes, batch_bytes: int) -> None:
        async with uploads.open_writer(UPLOAD) as writer:
            try:
                for start in range(0, len(data), batch_bytes):
                    await writer.write([data[start : start + batch_bytes]])
            finally:
                assert writer.offset == await uploads.offset(UPLOAD)

    async def send(self, uploads: LocalUploadStore, data: bytes) -> None:
        async with uploads.open_writer(UPLOAD) as writer:
            await writer.write([data])

    async def test_a_failed_sync_takes_back_what_may_be_lost(self, uploads, blobs, monkeypatch):
        """A disk says only once that it lost what it was to keep (errors of fsync(2))."""
        await uploads.create(UPLOAD)
        async with uploads.open_writer(UPLOAD) as writer:
            await writer.write([b"abc"])
            await writer.sync()
            await writer.write([b"lost"])
            with monkeypatch.context() as broken:
                broken.setattr(os, "fdatasync", fail)
                with pytest.raises(StorageError):
                    await writer.sync()
            assert writer.offset == 3
            assert await uploads.offset(UPLOAD) == 3
            await writer.write([b"def"])
        await uploads.finish(UPLOAD, KEY)
        assert await read_all(blobs, KEY) == b"abcdef"

    async def test_a_disk_that_fails_when_the_writer_leaves_still_lets_go(self, uploads, monkeypatch):
        await uploads.create(UPLOAD)

        async def write_to_a_disk_that_breaks() -> None:
            async with uploads.open_writer(UPLOAD) as writer:
                await writer.write([b"abc"])
                broken.setattr(os, "fdatasync", fail)

        with monkeypatch.context() as broken, pytest.raises(StorageError):
            await write_to_a_disk_that_breaks()
        async with uploads.open_writer(UPLOAD) as writer:
            assert writer.offset == 0

    async def test_a_cancelled_writer_holds_on_until_its_bytes_are_written(self, uploads, monkeypatch):
        await uploads.create(UPLOAD)
        begun, goes_on, write = threading.Event(), threading.Event(), os.writev

        def write_late(descriptor: int, chunks: list[memoryview]) -> int:
            begun.set()
            goes_on.wait(10)
            return write(descriptor, chunks)

        monkeypatch.setattr(os, "writev", write_late)
        sending = asyncio.create_task(self.send(uploads, b"abc"))
        await asyncio.to_thread(begun.wait, 10)
        sending.cancel()
        for _ in range(5):
            with pytest.raises(UploadBusy):
                await self.send(uploads, b"def")
        goes_on.set()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert await uploads.offset(UPLOAD) == 3
        await self.send(uploads, b"def")

    async def test_two_hundred_writers_at_once_each_keep_their_bytes(self, uploads, blobs):
        async def send(number: int) -> None:
            upload = UploadRef(f"upload-{number:020d}")
            await uploads.create(upload)
            async with uploads.open_writer(upload) as writer:
                for _ in range(4):
                    await writer.write([bytes([number]) * 1000])
                    await writer.sync()
            assert await uploads.finish(upload, f"evidence-{number}/original") == 4000

        async with asyncio.TaskGroup() as group:
            for number in range(200):
                group.create_task(send(number))
        for number in range(200):
            assert await read_all(blobs, f"evidence-{number}/original") == bytes([number]) * 4000


def fail(descriptor: int) -> None:
    raise OSError(errno.EIO, "a broken disk")
