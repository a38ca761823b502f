"""What every upload store must do with bytes that are held back until somebody knows that they are right."""

import pytest

from storage.errors import UploadBusy
from storage.uploads import UploadRef, UploadStore
from tests.storage.blob_contract import read_all
from tests.storage.upload_sample import KEY, UPLOAD
from tests.storage.upload_stores import UploadStores
from tests.storage.upload_story import take_over


async def write(uploads: UploadStore, data: bytes) -> None:
    async with uploads.open_writer(UPLOAD) as writer:
        await writer.write([data])


class UploadHoldingBack(UploadStores):
    async def test_what_is_held_back_is_in_no_offset_or_size_until_it_is_kept(self, uploads, blobs):
        await uploads.create(UPLOAD)
        async with uploads.open_writer(UPLOAD) as writer:
            await writer.write([b"abc"])
            await writer.hold_back()
            await writer.write([b"def"])
            assert (writer.offset, writer.counted, await writer.sync()) == (6, 3, 3)
            assert await uploads.offset(UPLOAD) == 3
            assert await uploads.offset(UploadRef(UPLOAD.id, 2)) == 3
            assert await writer.keep() == 6
            assert (writer.offset, writer.counted) == (6, 6)
            assert await uploads.offset(UPLOAD) == 6
        assert await uploads.finish(UPLOAD, KEY) == 6
        assert await read_all(blobs, KEY) == b"abcdef"

    async def test_leaving_drops_what_is_held_back(self, uploads, blobs):
        await uploads.create(UPLOAD)
        await write(uploads, b"abc")
        async with uploads.open_writer(UPLOAD) as writer:
            await writer.hold_back()
            await writer.write([b"XXXX"])
        assert await uploads.offset(UPLOAD) == 3
        await write(uploads, b"def")
        assert await uploads.finish(UPLOAD, KEY) == 6
        assert await read_all(blobs, KEY) == b"abcdef"

    async def test_leaving_on_an_error_drops_what_is_held_back(self, uploads):
        await uploads.create(UPLOAD)

        async def write_and_fail() -> None:
            async with uploads.open_writer(UPLOAD) as writer:
                await writer.hold_back()
                await writer.write([b"abc"])
                raise ConnectionResetError

        with pytest.raises(ConnectionResetError):
            await write_and_fail()
        assert await uploads.offset(UPLOAD) == 0

    async def test_one_writer_may_hold_back_and_keep_many_times(self, uploads, blobs):
        await uploads.create(UPLOAD)
        async with uploads.open_writer(UPLOAD) as writer:
            for piece in (b"ab", b"", b"cd"):
                await writer.hold_back()
                await writer.hold_back()
                await writer.write([piece])
                await writer.keep()
                await writer.keep()
                await writer.write([b"-"])
        await uploads.finish(UPLOAD, KEY)
        assert await read_all(blobs, KEY) == b"ab--cd-"

    async def test_what_a_writer_taken_over_keeps_never_counts(self, uploads, blobs):
        await uploads.create(UPLOAD)
        async with uploads.open_writer(UPLOAD) as old:
            await old.write([b"abc"])
            await old.hold_back()
            await old.write([b"XXX"])
            second = await take_over(uploads, UPLOAD)
            async with uploads.open_writer(second) as new:
                await new.write([b"de"])
                await old.keep()
                assert await uploads.offset(second) == 5
                await new.hold_back()
                await new.write([b"f"])
                await new.keep()
            await old.hold_back()
            await old.write([b"YYY"])
        assert await uploads.finish(second, KEY) == 6
        assert await read_all(blobs, KEY) == b"abcdef"

    async def test_what_a_writer_taken_over_drops_was_not_measured(self, uploads, blobs):
        await uploads.create(UPLOAD)
        async with uploads.open_writer(UPLOAD) as old:
            await old.write([b"abc"])
            await old.hold_back()
            await old.write([b"XXX"])
            second = await take_over(uploads, UPLOAD)
        async with uploads.open_writer(second) as new:
            await new.write([b"def"])
        assert await uploads.finish(second, KEY) == 6
        assert await read_all(blobs, KEY) == b"abcdef"

    async def test_finishing_under_a_writer_that_holds_back_is_busy_and_changes_nothing(self, uploads, blobs):
        await uploads.create(UPLOAD)
        async with uploads.open_writer(UPLOAD) as writer:
            await writer.hold_back()
            await writer.write([b"abc"])
            with pytest.raises(UploadBusy):
                await uploads.finish(UPLOAD, KEY)
            await writer.keep()
        assert await uploads.finish(UPLOAD, KEY) == 3
        assert await read_all(blobs, KEY) == b"abc"

    async def test_a_writer_may_leave_when_its_upload_is_gone(self, uploads):
        await uploads.create(UPLOAD)
        async with uploads.open_writer(UPLOAD) as writer:
            await writer.hold_back()
            await writer.write([b"abc"])
            await uploads.delete(UPLOAD.id)
