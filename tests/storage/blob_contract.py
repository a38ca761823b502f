"""What every blob store must do. A test class inherits `BlobContract` and says how to open its store."""

import asyncio
import hashlib
from abc import ABC, abstractmethod
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from storage.blobs import BlobStore, Shown
from storage.errors import NotFound

MIB = 1 << 20
KEY = "0199aa00-0000-7000-8000-0000000000ab/original"
OTHER = "0199aa00-0000-7000-8000-0000000000ab/renditions/0199ff"

#: What cannot be a key.
HOSTILE = [
    "",
    "/",
    "/etc/passwd",
    "../../etc/passwd",
    "0199/../../x",
    "0199/..",
    "./0199/original",
    "0199//original",
    "0199/original/",
    "0199/.hidden",
    "0199/orig\0inal",
    "0199/original\n",
    "0199/ori ginal",
    "0199\\original",
    "incoming",
    "ä/original",
    "0199/" + "x" * 200,
    "/".join(["a"] * 40),
]


async def read_all(blobs: BlobStore, key: str, first: int = 0, last: int | None = None) -> bytes:
    return b"".join([piece async for piece in blobs.read(key, first, last)])


class BlobContract(ABC):
    @abstractmethod
    def open_store(self, folder: Path) -> BlobStore: ...

    @pytest.fixture
    def blobs(self, tmp_path: Path) -> BlobStore:
        return self.open_store(tmp_path / "blobs")

    @pytest.fixture
    def source(self, tmp_path: Path) -> Path:
        path = tmp_path / "source"
        path.write_bytes(b"0123456789")
        return path

    async def test_published_bytes_are_read_back_and_the_source_is_consumed(self, blobs, source):
        assert (await blobs.publish(KEY, source)).size_bytes == 10
        assert await read_all(blobs, KEY) == b"0123456789"
        assert (await blobs.stat(KEY)).size_bytes == 10
        assert not source.exists()

    async def test_publishing_equal_bytes_again_is_no_error(self, blobs, source):
        await blobs.publish(KEY, source)
        source.write_bytes(b"0123456789")
        await blobs.publish(KEY, source)
        assert await read_all(blobs, KEY) == b"0123456789"

    async def test_publishing_at_the_same_time_leaves_one_whole_blob(self, blobs, tmp_path):
        data = bytes(range(256)) * 4096
        sources = [tmp_path / f"source{number}" for number in range(4)]
        for path in sources:
            path.write_bytes(data)
        await asyncio.gather(*(blobs.publish(KEY, path) for path in sources))
        assert await read_all(blobs, KEY) == data

    async def test_publishing_a_missing_source_is_not_found(self, blobs, tmp_path):
        with pytest.raises(NotFound):
            await blobs.publish(KEY, tmp_path / "none")
        with pytest.raises(NotFound):
            await blobs.stat(KEY)

    async def test_small_objects_are_written_and_replaced_whole(self, blobs):
        assert (await blobs.write_bytes(KEY, b"{}")).size_bytes == 2
        await blobs.write_bytes(KEY, b"[]")
        assert await read_all(blobs, KEY) == b"[]"

    async def test_empty_blobs_are_blobs(self, blobs):
        await blobs.write_bytes(KEY, b"")
        assert (await blobs.stat(KEY)).size_bytes == 0
        assert await read_all(blobs, KEY) == b""

    @pytest.mark.parametrize(
        ("first", "last", "expected"),
        [
            (0, None, b"0123456789"),
            (0, 0, b"0"),
            (3, 5, b"345"),
            (9, None, b"9"),
            (4, 99, b"456789"),
            (10, None, b""),
            (99, 120, b""),
            (5, 4, b""),
        ],
    )
    async def test_a_range_has_both_ends_inclusive(self, blobs, first, last, expected):
        await blobs.write_bytes(KEY, b"0123456789")
        assert await read_all(blobs, KEY, first, last) == expected

    async def test_pieces_are_at_most_one_mebibyte(self, blobs, source):
        data = b"abc" * MIB
        source.write_bytes(data)
        await blobs.publish(KEY, source)
        pieces = [piece async for piece in blobs.read(KEY)]
        assert b"".join(pieces) == data
        assert max(map(len, pieces)) <= MIB
        assert await read_all(blobs, KEY, MIB - 1, 2 * MIB) == data[MIB - 1 : 2 * MIB + 1]

    async def test_reading_may_stop_early(self, blobs):
        await blobs.write_bytes(KEY, b"x" * (3 * MIB))
        pieces = blobs.read(KEY)
        assert await anext(pieces)
        await pieces.aclose()
        assert len(await read_all(blobs, KEY)) == 3 * MIB

    async def test_a_local_file_has_the_bytes(self, blobs):
        await blobs.write_bytes(KEY, b"0123456789")
        async with blobs.open_local(KEY, hashlib.sha256(b"0123456789").hexdigest()) as path:
            assert path.read_bytes() == b"0123456789"
        async with blobs.open_local(KEY, None) as path:
            assert path.read_bytes() == b"0123456789"
        assert await read_all(blobs, KEY) == b"0123456789"

    async def test_a_missing_blob_is_not_found(self, blobs):
        with pytest.raises(NotFound):
            await blobs.stat(KEY)
        with pytest.raises(NotFound):
            await anext(blobs.read(KEY))
        with pytest.raises(NotFound):
            async with blobs.open_local(KEY, None):
                pass

    async def test_what_cannot_be_a_key_is_not_found(self, blobs, source):
        for key in HOSTILE:
            for attempt in (
                blobs.stat(key),
                blobs.publish(key, source),
                blobs.write_bytes(key, b"x"),
                anext(blobs.read(key)),
                anext(blobs.read(key, 5, 4)),
            ):
                with pytest.raises(NotFound):
                    await attempt
            with pytest.raises(NotFound):
                async with blobs.open_local(key, None):
                    pass
            await blobs.delete(key)
        assert source.exists()

    async def test_an_empty_range_of_a_missing_blob_is_not_found(self, blobs):
        with pytest.raises(NotFound):
            await anext(blobs.read(KEY, 5, 4))

    async def test_many_keys_of_one_piece_of_evidence_are_all_told(self, blobs):
        evidence_id = KEY.partition("/")[0]
        expected = [f"{evidence_id}/segments/1-{number:04}" for number in range(25)]
        await asyncio.gather(*(blobs.write_bytes(key, b"1") for key in expected))
        assert await blobs.keys(evidence_id) == tuple(expected)

    async def test_a_large_blob_is_whole_when_several_read_it_at_once(self, blobs, source):
        data = bytes(range(256)) * 4096 * 20 + b"end"
        source.write_bytes(data)
        await blobs.publish(KEY, source)
        assert await asyncio.gather(*(read_all(blobs, KEY) for _ in range(3))) == [data] * 3

    async def test_deleting_removes_one_blob_and_is_idempotent(self, blobs):
        await blobs.write_bytes(KEY, b"1")
        await blobs.write_bytes(OTHER, b"2")
        await blobs.delete(KEY)
        await blobs.delete(KEY)
        with pytest.raises(NotFound):
            await blobs.stat(KEY)
        assert await read_all(blobs, OTHER) == b"2"

    async def test_a_prefix_of_a_key_is_no_blob(self, blobs):
        await blobs.write_bytes(OTHER, b"2")
        for prefix in (OTHER.rpartition("/")[0], OTHER.partition("/")[0], ""):
            with pytest.raises(NotFound):
                await blobs.stat(prefix)
            with pytest.raises(NotFound):
                await anext(blobs.read(prefix))

    async def test_a_store_opened_again_has_what_it_had(self, blobs, tmp_path):
        await blobs.write_bytes(KEY, b"1")
        assert await read_all(self.open_store(tmp_path / "blobs"), KEY) == b"1"

    async def test_keys_are_those_of_one_piece_of_evidence(self, blobs):
        other = KEY.replace(KEY[0], "f" if KEY[0] != "f" else "e", 1)
        evidence_id = KEY.partition("/")[0]
        assert await blobs.keys(evidence_id) == ()
        for key in (f"{evidence_id}/renditions/r1", KEY, other):
            await blobs.write_bytes(key, b"1")
        assert await blobs.keys(evidence_id) == tuple(sorted((KEY, f"{evidence_id}/renditions/r1")))
        await blobs.delete(KEY)
        assert await blobs.keys(evidence_id) == (f"{evidence_id}/renditions/r1",)

    async def test_a_link_gives_the_blob_as_it_is_to_be_shown_or_there_is_none(self, blobs):
        await blobs.write_bytes(KEY, b"0123456789")
        shown = Shown("text/x-shown", "attachment; filename*=UTF-8''na%20me")
        url = await blobs.link(KEY, shown, 60)
        if url is None:
            return
        async with aiohttp.ClientSession() as session:
            async with session.get(URL(url, encoded=True), headers={"Range": "bytes=2-4"}) as answer:
                assert (answer.status, await answer.read()) == (206, b"234")
                assert answer.headers["Content-Type"] == shown.media_type
                assert answer.headers["Content-Disposition"] == shown.disposition
            for tampered in (url.replace("na%2520me", "other"), url.replace("x-shown", "html")):
                assert tampered != url
                async with session.get(URL(tampered, encoded=True)) as answer:
                    assert answer.status == 403

    async def test_room_is_a_number_of_bytes_or_unknown(self, blobs):
        room = await blobs.room()
        assert room is None or 0 < room.free_bytes <= room.total_bytes
