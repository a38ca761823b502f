"""What every upload store must do. A test class inherits `UploadContract` and says how to open its stores."""

import asyncio
import contextlib
import tempfile
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.errors import NotFound, UploadBusy, WriterFenced
from storage.uploads import UploadRef
from tests.storage.blob_contract import read_all
from tests.storage.upload_endings import UploadEndings
from tests.storage.upload_holding_back import UploadHoldingBack
from tests.storage.upload_joins import UploadJoins
from tests.storage.upload_reading import UploadReading
from tests.storage.upload_sample import ID, KEY, UPLOAD
from tests.storage.upload_stores import until
from tests.storage.upload_story import STEPS, Story, take_over


class UploadContract(UploadEndings, UploadHoldingBack, UploadJoins, UploadReading):
    async def test_a_new_upload_has_no_bytes(self, uploads):
        await uploads.create(UPLOAD)
        assert await uploads.offset(UPLOAD) == 0
        assert await uploads.measure(UPLOAD) == ()

    async def test_creating_again_keeps_the_bytes(self, uploads):
        await uploads.create(UPLOAD)
        async with uploads.open_writer(UPLOAD) as writer:
            await writer.write([b"abc"])
        await uploads.create(UPLOAD)
        assert await uploads.offset(UPLOAD) == 3

    async def test_bytes_become_the_blob_in_order(self, uploads, blobs):
        await uploads.create(UPLOAD)
        async with uploads.open_writer(UPLOAD) as writer:
            assert writer.offset == 0
            await writer.write([b"ab", b"", b"c"])
            await writer.write([])
            await writer.write([b"d" * 70_000])
            assert writer.offset == 70_003
            assert await writer.sync() == 70_003
        assert await uploads.offset(UPLOAD) == 70_003
        assert await uploads.finish(UPLOAD, KEY) == 70_003
        assert await read_all(blobs, KEY) == b"abc" + b"d" * 70_000

    async def test_thousands_of_small_chunks_are_written_at_once(self, uploads, blobs):
        chunks = [bytes([number % 256]) * (number % 7) for number in range(5000)]
        await uploads.create(UPLOAD)
        async with uploads.open_writer(UPLOAD) as writer:
            await writer.write(chunks)
        await uploads.finish(UPLOAD, KEY)
        assert await read_all(blobs, KEY) == b"".join(chunks)

    async def test_the_next_writer_goes_on_where_the_last_one_ended(self, uploads, blobs):
        await uploads.create(UPLOAD)
        for part in (b"one", b"two", b"three"):
            before = await uploads.offset(UPLOAD)
            async with uploads.open_writer(UPLOAD) as writer:
                assert writer.offset == before
                await writer.write([part])
        await uploads.finish(UPLOAD, KEY)
        assert await read_all(blobs, KEY) == b"onetwothree"

    async def test_the_offset_is_told_while_a_writer_is_active(self, uploads):
        await uploads.create(UPLOAD)
        async with uploads.open_writer(UPLOAD) as writer:
            await writer.write([b"abc"])
            assert await uploads.offset(UPLOAD) == 3

    async def test_a_second_writer_is_told_the_upload_is_busy(self, uploads):
        await uploads.create(UPLOAD)
        async with uploads.open_writer(UPLOAD) as writer:
            with pytest.raises(UploadBusy):
                async with uploads.open_writer(UPLOAD):
                    pass
            await writer.write([b"abc"])
        async with uploads.open_writer(UPLOAD) as writer:
            assert writer.offset == 3

    async def test_of_writers_at_once_exactly_one_is_let_in(self, uploads):
        await uploads.create(UPLOAD)
        inside = asyncio.Event()

        async def attempt() -> bool:
            try:
                async with uploads.open_writer(UPLOAD):
                    await inside.wait()
            except UploadBusy:
                return False
            return True

        async def nine_are_refused() -> bool:
            return sum(task.done() for task in attempts) == 9

        async with asyncio.TaskGroup() as group:
            attempts = [group.create_task(attempt()) for _ in range(10)]
            await until(nine_are_refused)
            inside.set()
        assert sum(task.result() for task in attempts) == 1

    async def test_leaving_on_an_error_keeps_the_bytes_and_lets_go(self, uploads):
        await uploads.create(UPLOAD)

        async def write_and_fail() -> None:
            async with uploads.open_writer(UPLOAD) as writer:
                await writer.write([b"abc"])
                raise ConnectionResetError

        with pytest.raises(ConnectionResetError):
            await write_and_fail()
        async with uploads.open_writer(UPLOAD) as writer:
            assert writer.offset == 3

    async def test_a_cancelled_writer_lets_go(self, uploads):
        await uploads.create(UPLOAD)

        async def write_forever() -> None:
            async with uploads.open_writer(UPLOAD) as writer:
                while True:
                    await writer.write([b"x" * 65_536])
                    await asyncio.sleep(0)

        for _ in range(20):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(write_forever(), 0.003)
            offset = await uploads.offset(UPLOAD)
            async with uploads.open_writer(UPLOAD) as writer:
                assert writer.offset == offset

    async def test_a_writer_taken_over_changes_neither_bytes_nor_offset(self, uploads, blobs):
        await uploads.create(UPLOAD)
        async with uploads.open_writer(UPLOAD) as old:
            await old.write([b"abc"])
            second = await take_over(uploads, UPLOAD)
            assert second.frozen == (3,)
            await old.write([b"XXXX"])
            assert await uploads.offset(second) == 3
            async with uploads.open_writer(second) as new:
                assert new.offset == 3
                await new.write([b"def"])
                await old.write([b"YYYY"])
            assert await uploads.offset(second) == 6
            assert await uploads.finish(second, KEY) == 6
            await old.write([b"ZZZZ"])
        assert await read_all(blobs, KEY) == b"abcdef"

    async def test_a_writer_taken_over_after_the_last_byte_cannot_change_the_blob(self, uploads, blobs):
        await uploads.create(UPLOAD)
        async with uploads.open_writer(UPLOAD) as old:
            await old.write([b"abc"])
            second = await take_over(uploads, UPLOAD)
            assert await uploads.finish(second, KEY) == 3
            await old.write([b"XXXX"])
            await old.sync()
        assert await read_all(blobs, KEY) == b"abc"

    async def test_what_a_writer_taken_over_added_is_gone_when_it_left(self, uploads, blobs):
        await uploads.create(UPLOAD)
        async with uploads.open_writer(UPLOAD) as old:
            await old.write([b"abc"])
            second = await take_over(uploads, UPLOAD)
            await old.write([b"XXXXXXXX"])
        async with uploads.open_writer(second) as new:
            await new.write([b"d"])
        third = await take_over(uploads, second)
        assert await uploads.finish(third, KEY) == 4
        assert await read_all(blobs, KEY) == b"abcd"

    async def test_finishing_while_others_look_and_write_tells_the_whole_or_nothing(self, uploads):
        for number in range(100):
            upload = UploadRef(f"upload-{number:020d}")
            await uploads.create(upload)
            async with uploads.open_writer(upload) as writer:
                await writer.write([b"abc"])

            async def look(upload: UploadRef = upload) -> None:
                with contextlib.suppress(NotFound):
                    while True:
                        assert await uploads.offset(upload) == 3
                        await asyncio.sleep(0)

            async def open_again(upload: UploadRef = upload) -> None:
                with contextlib.suppress(NotFound, UploadBusy):
                    async with uploads.open_writer(upload) as writer:
                        assert writer.offset == 3

            finish = uploads.finish(upload, f"evidence-{number}/original")
            *_, size_bytes = await asyncio.gather(look(), look(), open_again(), finish)
            assert size_bytes == 3

    async def test_epochs_without_bytes_count_nothing(self, uploads, blobs):
        await uploads.create(UPLOAD)
        upload = await take_over(uploads, await take_over(uploads, UPLOAD))
        assert upload == UploadRef(ID, 3, (0, 0))
        assert await uploads.offset(upload) == 0
        async with uploads.open_writer(upload) as writer:
            await writer.write([b"abc"])
        upload = await take_over(uploads, upload)
        assert await uploads.finish(upload, KEY) == 3
        assert await read_all(blobs, KEY) == b"abc"

    async def test_sizes_that_are_not_frozen_count_as_they_are(self, uploads):
        await uploads.create(UPLOAD)
        async with uploads.open_writer(UPLOAD) as old:
            await old.write([b"abc"])
            between = UploadRef(ID, 2)
            assert await uploads.offset(between) == 3
            await old.write([b"d"])
            assert await uploads.offset(between) == 4
            assert await uploads.measure(between) == (4,)

    async def test_sizes_that_are_frozen_stay(self, uploads):
        await uploads.create(UPLOAD)
        async with uploads.open_writer(UPLOAD) as writer:
            await writer.write([b"abc"])
        assert await uploads.measure(UploadRef(ID, 2, (2,))) == (2,)
        assert await uploads.measure(UploadRef(ID, 3, (2,))) == (2, 0)

    async def test_nobody_writes_or_finishes_before_earlier_epochs_are_frozen(self, uploads):
        await uploads.create(UPLOAD)
        with pytest.raises(WriterFenced):
            async with uploads.open_writer(UploadRef(ID, 2)):
                pass
        with pytest.raises(WriterFenced):
            await uploads.finish(UploadRef(ID, 2), KEY)

    async def test_an_epoch_that_is_over_cannot_write_or_finish(self, uploads):
        await uploads.create(UPLOAD)
        async with uploads.open_writer(await take_over(uploads, UPLOAD)) as writer:
            await writer.write([b"abc"])
        with pytest.raises(WriterFenced):
            async with uploads.open_writer(UPLOAD):
                pass
        with pytest.raises(WriterFenced):
            await uploads.finish(UPLOAD, KEY)

    async def test_idle_time_begins_anew_with_every_write(self, uploads):
        async def is_idle() -> bool:
            return await uploads.idle_seconds(UPLOAD) > 0.5

        await uploads.create(UPLOAD)
        async with uploads.open_writer(UPLOAD) as writer:
            await until(is_idle)
            await writer.write([b"abc"])
            assert await uploads.idle_seconds(UPLOAD) < 0.5
            assert await uploads.idle_seconds(UploadRef(ID, 2, (3,))) < 1

    async def test_a_writer_that_has_only_just_opened_an_old_upload_is_not_idle(self, uploads):
        async def is_idle() -> bool:
            return await uploads.idle_seconds(UPLOAD) > 0.5

        await uploads.create(UPLOAD)
        await until(is_idle)
        async with uploads.open_writer(UPLOAD):
            assert await uploads.idle_seconds(UPLOAD) < 0.5

    @given(steps=STEPS, seed=st.integers(0, 2**32))
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
    def test_any_story_of_cuts_and_take_overs_gives_the_same_bytes(self, steps, seed):
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(Story(lambda: self.open_stores(Path(folder)), Random(seed)).tell(steps))

    async def test_ages_tell_of_every_upload_until_it_is_deleted_or_finished(self, uploads):
        other = UploadRef("another-upload-0001")
        await uploads.create(UPLOAD)
        await uploads.create(other)
        async with uploads.open_writer(UPLOAD) as writer:
            await writer.write([b"abc"])
        ages = await uploads.ages()
        assert ages.keys() == {UPLOAD.id, other.id}
        assert all(0 <= age < 60 for age in ages.values())
        await uploads.finish(UPLOAD, KEY)
        await uploads.delete(other.id)
        assert await uploads.ages() == {}
