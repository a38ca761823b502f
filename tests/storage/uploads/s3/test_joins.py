"""Wholes of parts that are larger than a part of a multipart upload."""

from random import Random

import pytest

from storage.errors import Unreadable, WriterFenced
from storage.uploads import UploadRef, WholePart
from storage.uploads.s3.store import S3UploadStore
from tests.storage.blob_contract import read_all
from tests.storage.upload_joins import WHOLE
from tests.storage.upload_reading import read
from tests.storage.upload_sample import ID, KEY
from tests.storage.uploads.s3.in_memory import Place
from tests.storage.uploads.s3.test_processes import PART_BYTES, blobs, ledger_url, uploads

__all__ = ["blobs", "ledger_url", "uploads"]

RANDOM = Random(8)


async def new_part(uploads: S3UploadStore, number: int, data: bytes) -> WholePart:
    ref = UploadRef(f"part-{number:020d}")
    await uploads.create(ref)
    async with uploads.open_writer(ref) as writer:
        await writer.write([data])
    return WholePart(ref, len(data))


async def test_what_lies_in_one_part_is_copied_by_the_server_and_the_rest_passes_through(uploads, blobs):
    pieces = [RANDOM.randbytes(size) for size in (PART_BYTES + 5, 2 * PART_BYTES + 1000, 17)]
    parts = [await new_part(uploads, number, piece) for number, piece in enumerate(pieces)]
    await uploads.create(UploadRef(WHOLE.id, key=KEY))
    assert await uploads.join(UploadRef(WHOLE.id, key=KEY), parts, KEY) == sum(map(len, pieces))
    assert await read_all(blobs, KEY) == b"".join(pieces)
    assert await read(uploads, parts[0].upload, PART_BYTES - 2) == pieces[0][PART_BYTES - 2 :]
    with pytest.raises(WriterFenced):
        async with uploads.open_writer(parts[0].upload):
            pass
    for part in parts:
        await uploads.delete(part.upload.id)
    assert await uploads.ages() == {}


@pytest.mark.parametrize("part_bytes", [1, 3, 7, 50, 1000])
async def test_parts_of_any_size_are_joined_in_parts_of_one_size(part_bytes):
    place = Place(part_bytes)
    uploads = place.process()
    pieces = [RANDOM.randbytes(RANDOM.randrange(0, 60)) for _ in range(6)]
    parts = [await new_part(uploads, number, piece) for number, piece in enumerate(pieces)]
    await uploads.create(WHOLE)
    assert await uploads.join(WHOLE, parts, KEY) == sum(map(len, pieces))
    assert await read_all(place.blobs, KEY) == b"".join(pieces)
    assert [await uploads.offset(part.upload) for part in parts] == list(map(len, pieces))


async def test_bytes_in_parts_are_unreadable_until_the_upload_is_its_blob():
    place = Place(100)
    upload = UploadRef(ID, key=KEY)
    uploads = place.process()
    await uploads.create(upload)
    async with uploads.open_writer(upload) as writer:
        await writer.write([bytes(250)])
        await writer.sync()
        assert await read(uploads, upload, 200) == bytes(50)
        with pytest.raises(Unreadable):
            await read(uploads, upload)
