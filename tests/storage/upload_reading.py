"""What every upload store must answer when the bytes of an unfinished upload are read."""

import pytest

from storage.errors import NotFound
from storage.uploads import UploadRef, UploadStore
from tests.storage.upload_sample import KEY, UPLOAD
from tests.storage.upload_stores import HOSTILE_IDS, UploadStores
from tests.storage.upload_story import take_over


async def read(uploads: UploadStore, upload: UploadRef, first: int = 0, last: int | None = None) -> bytes:
    return b"".join([piece async for piece in uploads.read(upload, first, last)])


class UploadReading(UploadStores):
    async def test_any_range_is_read_across_segments(self, uploads):
        upload = UPLOAD
        await uploads.create(upload)
        for piece in (b"abc", b"", b"de", b"f"):
            async with uploads.open_writer(upload) as writer:
                await writer.write([piece])
            upload = await take_over(uploads, upload)
        for first in range(8):
            assert await read(uploads, upload, first) == b"abcdef"[first:]
            for last in range(first, 8):
                assert await read(uploads, upload, first, last) == b"abcdef"[first : last + 1]

    async def test_pieces_are_of_a_bounded_size(self, uploads):
        await uploads.create(UPLOAD)
        async with uploads.open_writer(UPLOAD) as writer:
            await writer.write([b"a" * 2_500_000])
        sizes = [len(piece) async for piece in uploads.read(UPLOAD, 100_000)]
        assert sum(sizes) == 2_400_000
        assert max(sizes) <= 1 << 20

    async def test_only_bytes_that_count_are_read(self, uploads):
        await uploads.create(UPLOAD)
        async with uploads.open_writer(UPLOAD) as old:
            await old.write([b"abc"])
            assert await read(uploads, UPLOAD) == b"abc"
            await old.hold_back()
            await old.write([b"def"])
            assert await read(uploads, UPLOAD) == b"abc"
            assert await read(uploads, UploadRef(UPLOAD.id, 2)) == b"abc"
            await old.keep()
            assert await read(uploads, UPLOAD) == b"abcdef"
            assert await read(uploads, UploadRef(UPLOAD.id, 2, (2,))) == b"ab"

    async def test_a_finished_upload_is_not_read(self, uploads):
        await uploads.create(UPLOAD)
        await uploads.finish(UPLOAD, KEY)
        with pytest.raises(NotFound):
            await read(uploads, UPLOAD)

    @pytest.mark.parametrize("upload_id", ["n" * 22, *HOSTILE_IDS])
    async def test_an_unknown_upload_is_not_read(self, uploads, upload_id):
        with pytest.raises(NotFound):
            await read(uploads, UploadRef(upload_id))
