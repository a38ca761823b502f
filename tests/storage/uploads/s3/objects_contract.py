"""What objects must do for uploads. A test class inherits `ObjectsContract` and has a fixture `objects`."""

import pytest

from storage.errors import Damaged, NotFound, PartsDiffer
from storage.uploads.s3.account import Extent, ExtentKind
from storage.uploads.s3.objects import Objects

PLACE = "blobs/0199aa00-0000-7000-8000-0000000000ab/original"
PIECE = "uploads/an-upload-of-tests/1"
LEAST_BYTES = 5 << 20


async def sent(objects: Objects, multipart_id: str, number: int, data: bytes) -> Extent:
    etag = await objects.send(PLACE, multipart_id, number, data)
    return Extent(ExtentKind.PART, number, etag, len(data))


class ObjectsContract:
    async def test_what_is_put_is_got_in_any_range(self, objects):
        await objects.put(PIECE, b"abcdef")
        assert await objects.size(PIECE) == 6
        assert await objects.get(PIECE, 0, 6) == b"abcdef"
        assert await objects.get(PIECE, 2, 3) == b"cde"
        assert await objects.get(PIECE, 3, 0) == b""
        with pytest.raises(Damaged):
            await objects.get(PIECE, 4, 3)

    async def test_what_is_not_there_is_not_found(self, objects):
        for attempt in (objects.get(PIECE, 0, 1), objects.size(PIECE), objects.copy(PIECE, PLACE)):
            with pytest.raises(NotFound):
                await attempt
        await objects.delete([PIECE])

    async def test_objects_are_found_by_the_begin_of_their_places_until_they_are_deleted(self, objects):
        await objects.put(PIECE, b"abc")
        await objects.put(PLACE, b"")
        assert [found.place for found in await objects.find("uploads/")] == [PIECE]
        assert [found.place for found in await objects.find("uploads/an-upload-of-tests/")] == [PIECE]
        assert await objects.find("uploads/an-upload/") == []
        await objects.copy(PIECE, PLACE)
        await objects.delete([PIECE, PIECE])
        assert await objects.find("uploads/") == []
        assert await objects.get(PLACE, 0, 3) == b"abc"

    async def test_parts_become_the_object_by_their_numbers_with_gaps(self, objects):
        begun = await objects.begin(PLACE)
        later = await sent(objects, begun, 7, b"end")
        await objects.put(PIECE, b"b" * LEAST_BYTES + b"c")
        first = await sent(objects, begun, 2, bytearray(b"a" * LEAST_BYTES))
        etag = await objects.send_copy(PLACE, begun, 4, PIECE, 0, LEAST_BYTES)
        copied = Extent(ExtentKind.PART, 4, etag, LEAST_BYTES)
        assert [found.multipart_id for found in await objects.unfinished("blobs/")] == [begun]
        with pytest.raises(NotFound):
            await objects.size(PLACE)
        await objects.complete(PLACE, begun, [first, copied, later])
        assert await objects.size(PLACE) == 2 * LEAST_BYTES + 3
        assert await objects.get(PLACE, LEAST_BYTES - 1, 2) == b"ab"
        assert await objects.get(PLACE, 2 * LEAST_BYTES - 1, 4) == b"bend"
        assert await objects.unfinished("blobs/") == []

    async def test_a_part_that_is_too_small_is_refused_and_the_parts_stay(self, objects):
        begun = await objects.begin(PLACE)
        parts = [await sent(objects, begun, number, b"abc") for number in (1, 2)]
        with pytest.raises(PartsDiffer):
            await objects.complete(PLACE, begun, parts)
        large = await sent(objects, begun, 1, b"a" * LEAST_BYTES)
        await objects.complete(PLACE, begun, [large, parts[1]])
        assert await objects.get(PLACE, LEAST_BYTES - 1, 4) == b"aabc"

    async def test_a_part_that_is_left_out_is_dropped_or_all_are_refused_and_stay(self, objects):
        begun = await objects.begin(PLACE)
        parts = [await sent(objects, begun, number, b"a" * LEAST_BYTES) for number in (1, 2)]
        try:
            await objects.complete(PLACE, begun, parts[1:])
        except PartsDiffer:
            await objects.complete(PLACE, begun, parts)
            assert await objects.size(PLACE) == 2 * LEAST_BYTES
        else:
            assert await objects.size(PLACE) == LEAST_BYTES
        assert await objects.unfinished("blobs/") == []

    async def test_the_parts_that_were_sent_are_told_as_they_are_named(self, objects):
        begun = await objects.begin(PLACE)
        assert list(await objects.sent(PLACE, begun)) == []
        parts = [await sent(objects, begun, number, b"a" * number) for number in (1, 3)]
        assert list(await objects.sent(PLACE, begun)) == parts
        await objects.abort(PLACE, begun)
        with pytest.raises(NotFound):
            await objects.sent(PLACE, begun)

    async def test_an_aborted_multipart_upload_takes_nothing(self, objects):
        begun = await objects.begin(PLACE)
        part = await sent(objects, begun, 1, b"abc")
        await objects.abort(PLACE, begun)
        await objects.abort(PLACE, begun)
        with pytest.raises(NotFound):
            await sent(objects, begun, 2, b"abc")
        with pytest.raises(NotFound):
            await objects.complete(PLACE, begun, [part])
        assert await objects.unfinished("blobs/") == []
