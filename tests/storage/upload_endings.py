"""What every upload store must do at an upload's end, and of ids that it does not know."""

import asyncio

import pytest

from storage.errors import NotFound, UploadBusy
from storage.uploads import UploadRef, UploadStore
from tests.storage.blob_contract import read_all
from tests.storage.upload_sample import ID, KEY, UPLOAD
from tests.storage.upload_stores import HOSTILE_IDS, UploadStores
from tests.storage.upload_story import take_over


class UploadEndings(UploadStores):
    async def test_finishing_again_gives_the_same(self, uploads, blobs):
        await uploads.create(UPLOAD)
        async with uploads.open_writer(UPLOAD) as writer:
            await writer.write([b"abc"])
        assert [await uploads.finish(UPLOAD, KEY) for _ in range(3)] == [3, 3, 3]
        assert await read_all(blobs, KEY) == b"abc"

    async def test_finishing_five_times_at_once_gives_one_blob(self, uploads, blobs):
        upload = UPLOAD
        await uploads.create(upload)
        for part in (b"a" * 3_000_000, b"b" * 3_000_000, b"c" * 3_000_000):
            async with uploads.open_writer(upload) as writer:
                await writer.write([part])
            upload = await take_over(uploads, upload)
        sizes = await asyncio.gather(*(uploads.finish(upload, KEY) for _ in range(5)))
        assert sizes == [9_000_000] * 5
        assert await read_all(blobs, KEY) == b"a" * 3_000_000 + b"b" * 3_000_000 + b"c" * 3_000_000

    async def test_an_empty_upload_becomes_an_empty_blob(self, uploads, blobs):
        await uploads.create(UPLOAD)
        assert await uploads.finish(UPLOAD, KEY) == 0
        assert (await blobs.stat(KEY)).size_bytes == 0

    async def test_finishing_under_a_writer_is_busy_and_changes_nothing(self, uploads, blobs):
        await uploads.create(UPLOAD)
        async with uploads.open_writer(UPLOAD) as writer:
            await writer.write([b"abc"])
            with pytest.raises(UploadBusy):
                await uploads.finish(UPLOAD, KEY)
            await writer.write([b"def"])
        assert await uploads.finish(UPLOAD, KEY) == 6
        assert await read_all(blobs, KEY) == b"abcdef"

    async def test_a_finished_upload_is_not_found(self, uploads):
        await uploads.create(UPLOAD)
        await uploads.finish(UPLOAD, KEY)
        await self.check_not_found(uploads, UPLOAD)

    async def test_deleting_a_finished_upload_never_touches_the_blob(self, uploads, blobs):
        await uploads.create(UPLOAD)
        async with uploads.open_writer(UPLOAD) as writer:
            await writer.write([b"abc"])
        await uploads.finish(UPLOAD, KEY)
        await uploads.delete(ID)
        assert await read_all(blobs, KEY) == b"abc"

    async def test_a_deleted_upload_is_not_found(self, uploads, blobs):
        await uploads.create(UPLOAD)
        async with uploads.open_writer(UPLOAD) as writer:
            await writer.write([b"abc"])
            await uploads.delete(ID)
            await uploads.delete(ID)
            await writer.write([b"into nothing"])
        await self.check_not_found(uploads, UPLOAD)
        with pytest.raises(NotFound):
            await uploads.finish(UPLOAD, KEY)
        with pytest.raises(NotFound):
            await blobs.stat(KEY)

    @pytest.mark.parametrize("upload_id", ["n" * 22, *HOSTILE_IDS])
    async def test_an_id_of_any_form_that_is_unknown_is_not_found(self, uploads, upload_id):
        await self.check_not_found(uploads, UploadRef(upload_id))
        with pytest.raises(NotFound):
            await uploads.finish(UploadRef(upload_id), KEY)
        await uploads.delete(upload_id)

    async def check_not_found(self, uploads: UploadStore, upload: UploadRef) -> None:
        for attempt in (uploads.offset, uploads.idle_seconds, uploads.measure):
            with pytest.raises(NotFound):
                await attempt(upload)
        with pytest.raises(NotFound):
            async with uploads.open_writer(upload):
                pass
