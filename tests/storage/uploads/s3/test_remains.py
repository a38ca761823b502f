"""What nobody knows of any more is found and goes; what somebody may still need stays."""

from storage.uploads import UploadRef
from tests.storage.upload_sample import ID, KEY
from tests.storage.uploads.s3.in_memory import Place

DAY = 86_400.0


async def test_a_multipart_upload_that_no_account_names_is_aborted_after_a_day():
    place = Place(10)
    await place.process().create(UploadRef(ID, key=KEY))
    async with place.process().open_writer(UploadRef(ID, key=KEY)) as writer:
        await writer.write([bytes(10)])
        await writer.sync()
        known = (await place.ledger.load(ID)).multipart_id
        orphan = await place.objects.begin("blobs/another/original")
        rendition = await place.objects.begin("blobs/another/renditions/1")
        place.objects.age_seconds = DAY / 2
        assert (await place.process().ages()).keys() == {ID}
        place.objects.age_seconds = DAY + 1
        uploads = place.process()
        (name,) = (await uploads.ages()).keys() - {ID}
        await uploads.delete(name)
        assert (await uploads.ages()).keys() == {ID}
        left = {found.multipart_id for found in await place.objects.unfinished("")}
        assert left == {known, rendition}
        assert orphan not in left


async def test_an_object_that_was_never_recorded_goes_with_its_upload_s_name():
    place = Place(10)
    uploads = place.process()
    await place.objects.put(f"uploads/{ID}/0123456789abcdef", b"lost")
    await place.objects.put("uploads/none of ours", b"stays")
    assert (await uploads.ages()).keys() == {ID}
    await uploads.delete(ID)
    assert await uploads.ages() == {}
    assert [found.place for found in await place.objects.find("")] == ["uploads/none of ours"]


async def test_an_upload_that_is_deleted_while_its_parts_arrive_leaves_nothing():
    place = Place(10)
    uploads = place.process()
    await uploads.create(UploadRef(ID, key=KEY))
    async with uploads.open_writer(UploadRef(ID, key=KEY)) as writer:
        await writer.write([bytes(25)])
        await writer.sync()
        await place.process().delete(ID)
        await writer.write([bytes(25)])
        await writer.sync()
    assert await place.objects.find("") == []
    assert await place.objects.unfinished("") == []
