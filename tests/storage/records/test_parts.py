from dataclasses import replace
from datetime import timedelta

import pytest

from storage.errors import NotFound
from storage.records.parts import PartRecords
from storage.records.uploads import UploadRecords
from storage.upload import Upload, UploadState
from tests.storage.records.test_uploads import create, withdrawn
from tests.storage.records.values import NOW, new_evidence, new_upload, received

LATER = NOW + timedelta(days=1)


async def create_part(uploads: UploadRecords, centre_id: str = "centre-1", **values) -> Upload:
    part = replace(new_upload(new_evidence(centre_id), **values), evidence_id=None)
    assert await uploads.create(part, None) == (part, True)
    return part


async def test_a_part_has_a_length_and_an_end_but_no_evidence(uploads, parts: PartRecords):
    part = await create_part(uploads, idempotency_key="k")
    known, changed = await uploads.set_length(part.id, 7, "someone", epoch=1)
    assert (known.length_bytes, changed) == (7, None)
    await parts.end(part.id, UploadState.EXPIRED, lambda _: False, expires_at=LATER)
    assert (await uploads.load(part.id, None)).state is UploadState.OPEN
    await parts.end(part.id, UploadState.EXPIRED, lambda _: True, expires_at=LATER)
    await parts.end(part.id, UploadState.TERMINATED, lambda _: True, expires_at=LATER)
    ended = await uploads.load(part.id, None)
    assert (ended.state, ended.idempotency_key) == (UploadState.EXPIRED, None)
    with pytest.raises(ValueError, match="unfinished"):
        await parts.end(part.id, UploadState.FINISHED, lambda _: True, expires_at=LATER)
    with pytest.raises(NotFound):
        await parts.end("upload-none", UploadState.EXPIRED, lambda _: True, expires_at=LATER)


async def test_a_whole_finds_its_parts_and_a_part_its_open_wholes(uploads, parts: PartRecords):
    one, two = await create_part(uploads), await create_part(uploads)
    foreign, plain = await create_part(uploads, "centre-2"), await create(uploads)
    ids = (two.id, one.id, two.id, foreign.id, plain.id, "upload-none")
    whole = await create(uploads, parts=ids)
    assert await parts.of_whole(whole) == {one.id: one, two.id: two}
    assert await parts.open_wholes(one) == await parts.open_wholes(two) == (whole.id,)
    for other in (foreign, replace(one, id=one.id[:-1]), replace(one, id="%"), replace(one, id='","')):
        assert await parts.open_wholes(other) == ()


async def test_a_part_that_ended_unfinished_is_no_longer_found(uploads, parts: PartRecords):
    one, two = await create_part(uploads), await create_part(uploads)
    whole = await create(uploads, parts=(one.id, two.id))
    await parts.end(one.id, UploadState.TERMINATED, lambda _: True, expires_at=LATER)
    assert (await parts.of_whole(whole)).keys() == {two.id}


async def test_the_parts_of_a_finished_whole_are_finished_with_it_and_still_found(
    uploads, parts: PartRecords
):
    one, two = await create_part(uploads), await create_part(uploads)
    whole = await create(uploads, parts=(one.id,))
    other = await create(uploads, parts=(one.id, two.id))
    await uploads.finish(whole.id, received, expires_at=LATER)
    finished = await uploads.load(one.id, None)
    assert (finished.state, finished.expires_at) == (UploadState.FINISHED, LATER)
    assert (await uploads.load(two.id, None)).state is UploadState.OPEN
    assert (await parts.of_whole(other)).keys() == {one.id, two.id}
    assert await parts.open_wholes(one) == (other.id,)
    await uploads.end(other.id, UploadState.TERMINATED, withdrawn, expires_at=LATER)
    assert (await uploads.load(two.id, None)).state is UploadState.OPEN
    assert await parts.open_wholes(one) == ()
