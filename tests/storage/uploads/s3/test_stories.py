"""Stories with parts so small that each has many; what is no whole part at the end of one lies in pieces."""

import asyncio
from contextlib import suppress
from itertools import count
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.errors import NotFound, StorageUnavailable
from storage.uploads import UploadRef
from storage.uploads.s3.store import S3UploadStore
from tests.storage.blob_contract import read_all
from tests.storage.upload_sample import ID, KEY
from tests.storage.upload_story import STEPS, Story, take_over
from tests.storage.uploads.s3.in_memory import Cut, Place

DATA = Random(1).randbytes(1000)
PART_BYTES = 100


class ManyProcesses(Story):
    """After a restart the writer before is another process's, and is taken over."""

    async def restart(self) -> None:
        await self.sync()
        await super().restart()
        await self.take_over()


#: Whether the store completes what it has only when all its parts are named.
ON_BOTH = pytest.mark.parametrize("wants_all", [False, True], ids=["some", "all"])


@ON_BOTH
@pytest.mark.parametrize("key", [None, KEY])
@pytest.mark.parametrize("kind", [Story, ManyProcesses])
def test_any_story_gives_legal_parts_and_the_same_bytes(kind, key, wants_all):
    @given(steps=STEPS, seed=st.integers(0, 2**32), part_bytes=st.integers(500, 6000))
    @settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
    def tell(steps, seed, part_bytes):
        place = Place(part_bytes, wants_all=wants_all)
        one = place.process()
        story = kind(lambda: (one if kind is Story else place.process(), place.blobs), Random(seed))
        story.upload = UploadRef(ID, key=key)
        asyncio.run(story.tell(steps))
        asyncio.run(nothing_is_left(place))

    tell()


class Sender:
    """Sends `DATA` by every way there is; notes what was acknowledged."""

    def __init__(self, uploads: S3UploadStore) -> None:
        self.uploads = uploads
        self.upload = UploadRef(ID, key=KEY)
        self.acknowledged = 0
        #: Offsets that count or not together.
        self.checked = (0, 0)

    async def send(self) -> None:
        await self.uploads.create(self.upload)
        async with self.uploads.open_writer(self.upload) as writer:
            await writer.write([DATA[:150], DATA[150:320]])
            self.acknowledged = await writer.sync()
            await writer.write([DATA[320:350]])
        async with self.uploads.open_writer(self.upload) as writer:
            self.checked = 350, 630
            await writer.hold_back()
            for start in range(350, 630, 70):
                await writer.write([DATA[start : start + 70]])
            self.acknowledged = await writer.keep()
            await writer.write([DATA[630:]])
            self.acknowledged = await writer.sync()
        assert await self.uploads.finish(self.upload, KEY) == len(DATA)


async def go_on(uploads: S3UploadStore, sender: Sender) -> None:
    """Do as the next process does, which finds the upload's record."""
    try:
        upload = await take_over(uploads, sender.upload)
    except NotFound:
        assert await uploads.finish(UploadRef(ID, 2, (0,)), KEY) == len(DATA)
        return
    offset = await uploads.offset(upload)
    assert offset >= sender.acknowledged
    assert not sender.checked[0] < offset < sender.checked[1]
    async with uploads.open_writer(upload) as writer:
        assert writer.offset == offset
        await writer.write([DATA[offset:]])
    assert await uploads.finish(upload, KEY) == len(DATA)


@ON_BOTH
@pytest.mark.parametrize("done", [False, True])
async def test_a_process_killed_at_any_call_loses_nothing_that_it_acknowledged(done, wants_all):
    for calls in count(1):
        place = Place(PART_BYTES, wants_all=wants_all)
        sender = Sender(place.process(Cut(calls, done)))
        try:
            await sender.send()
        except StorageUnavailable:
            with suppress(NotFound):
                await place.ledger.load(ID)
                await go_on(place.process(), sender)
                assert await read_all(place.blobs, KEY) == DATA
        else:
            break
        await nothing_is_left(place)
    assert calls > 40


async def nothing_is_left(place: Place) -> None:
    """What a killed process left unrecorded is found by who looks for it, and can be removed."""
    uploads = place.process()
    for upload_id in await uploads.ages():
        await uploads.delete(upload_id)
    assert await place.objects.find("uploads/") == []
    known = await place.ledger.multiparts()
    assert not known
    assert len(await place.objects.unfinished("")) <= 1
