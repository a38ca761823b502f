"""What every upload store must do when a whole is made of several uploads."""

import asyncio

import pytest

from storage.errors import NotFound
from storage.uploads import UploadRef, UploadStore, WholePart
from tests.storage.blob_contract import read_all
from tests.storage.upload_sample import KEY
from tests.storage.upload_stores import UploadStores
from tests.storage.upload_story import take_over

WHOLE = UploadRef("whole-abcdefghijklmnop")


async def new_part(uploads: UploadStore, number: int, *pieces: bytes) -> WholePart:
    """Make a part with a segment for each piece."""
    ref = UploadRef(f"part-{number:020d}")
    await uploads.create(ref)
    for index, piece in enumerate(pieces):
        if index:
            ref = await take_over(uploads, ref)
        async with uploads.open_writer(ref) as writer:
            await writer.write([piece])
    return WholePart(ref, sum(map(len, pieces)))


class UploadJoins(UploadStores):
    async def test_parts_become_a_blob_in_the_order_asked_for_and_stay(self, uploads, blobs):
        one, two = await new_part(uploads, 1, b"abc"), await new_part(uploads, 2, b"d", b"", b"ef")
        empty = await new_part(uploads, 3)
        await uploads.create(WHOLE)
        assert await uploads.join(WHOLE, [two, empty, one, two], KEY) == 9
        assert await read_all(blobs, KEY) == b"defabcdef"
        assert [await uploads.offset(part.upload) for part in (one, two, empty)] == [3, 3, 0]

    async def test_parts_of_no_bytes_become_an_empty_blob(self, uploads, blobs):
        part = await new_part(uploads, 1)
        await uploads.create(WHOLE)
        assert await uploads.join(WHOLE, [part, part], KEY) == 0
        assert (await blobs.stat(KEY)).size_bytes == 0

    async def test_only_the_bytes_that_count_are_taken_of_a_part(self, uploads, blobs):
        part = await new_part(uploads, 1, b"abc", b"def")
        await uploads.create(WHOLE)
        assert await uploads.join(WHOLE, [WholePart(part.upload, 4)], KEY) == 4
        assert await read_all(blobs, KEY) == b"abcd"

    async def test_a_whole_that_was_joined_is_gone_from_the_uploads(self, uploads):
        part = await new_part(uploads, 1, b"abc")
        await uploads.create(WHOLE)
        await uploads.join(WHOLE, [part], KEY)
        with pytest.raises(NotFound):
            await uploads.offset(WHOLE)
        assert (await uploads.ages()).keys() == {part.upload.id}

    async def test_joining_again_gives_the_same_also_without_the_parts(self, uploads, blobs):
        part = await new_part(uploads, 1, b"abc")
        await uploads.create(WHOLE)
        assert await uploads.join(WHOLE, [part], KEY) == 3
        await uploads.delete(part.upload.id)
        assert await uploads.join(WHOLE, [part], KEY) == 3
        assert await read_all(blobs, KEY) == b"abc"

    async def test_a_part_that_is_gone_is_not_found_and_nothing_is_made(self, uploads, blobs):
        one, two = await new_part(uploads, 1, b"abc"), await new_part(uploads, 2, b"def")
        await uploads.create(WHOLE)
        await uploads.delete(two.upload.id)
        with pytest.raises(NotFound):
            await uploads.join(WHOLE, [one, two], KEY)
        with pytest.raises(NotFound):
            await blobs.stat(KEY)
        assert await uploads.offset(WHOLE) == 0

    async def test_a_whole_that_was_deleted_is_not_found(self, uploads, blobs):
        part = await new_part(uploads, 1, b"abc")
        await uploads.create(WHOLE)
        await uploads.delete(WHOLE.id)
        with pytest.raises(NotFound):
            await uploads.join(WHOLE, [part], KEY)
        with pytest.raises(NotFound):
            await blobs.stat(KEY)

    async def test_two_wholes_at_once_take_the_same_parts(self, uploads, blobs):
        one, two = await new_part(uploads, 1, b"a" * 3_000_000), await new_part(uploads, 2, b"b" * 3_000_000)
        wholes = [UploadRef(f"whole-{number:020d}") for number in range(2)]
        keys = [f"0199aa00-0000-7000-8000-00000000000{number}/original" for number in range(2)]
        for whole in wholes:
            await uploads.create(whole)
        orders = ([one, two], [two, one])
        joining = [
            uploads.join(whole, parts, key) for whole, parts, key in zip(wholes, orders, keys, strict=True)
        ]
        assert await asyncio.gather(*joining) == [6_000_000] * 2
        assert await read_all(blobs, keys[0]) == b"a" * 3_000_000 + b"b" * 3_000_000
        assert await read_all(blobs, keys[1]) == b"b" * 3_000_000 + b"a" * 3_000_000
