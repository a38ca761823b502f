"""Finishing stopped after every single step, as by a kill, and begun again."""

import asyncio
import contextlib
from pathlib import Path

import pytest

from storage.blobs import disk
from storage.blobs.local import LocalBlobStore
from storage.errors import Damaged, NotFound, StorageFull
from storage.uploads import UploadRef
from storage.uploads.finishing import finish_steps
from storage.uploads.folder import UploadFolder
from storage.uploads.local import LocalUploadStore
from tests.services.disk import small_disk
from tests.storage.blob_contract import read_all
from tests.storage.upload_sample import ID, KEY, UPLOAD
from tests.storage.upload_story import take_over

STORIES = {
    "empty": [b""],
    "one segment": [b"abc"],
    "one that is not the first": [b"", b"abc"],
    "one that is not the last": [b"abc", b"", b""],
    "several": [b"abc", b"", b"defgh", b"i"],
}


class Place:
    """Stores in a folder, an upload in them, and perhaps a stopped writer of its first segment."""

    def __init__(self, folder: Path) -> None:
        self.blobs = LocalBlobStore(folder / "blobs")
        self.uploads = LocalUploadStore(folder / "uploads", self.blobs)
        self.root = folder / "uploads"
        self.upload = UPLOAD
        self.zombies = contextlib.AsyncExitStack()

    async def fill(self, parts: list[bytes], *, zombie: bool = False) -> None:
        await self.uploads.create(self.upload)
        for number, part in enumerate(parts):
            if number:
                self.upload = await take_over(self.uploads, self.upload)
            opening = self.uploads.open_writer(self.upload)
            if zombie and number < len(parts) - 1:
                await (await self.zombies.enter_async_context(opening)).write([part])
            else:
                async with opening as writer:
                    await writer.write([part])

    def steps(self):
        return finish_steps(UploadFolder(self.root, ID), self.upload, self.blobs, KEY)


@pytest.mark.parametrize("zombie", [False, True])
@pytest.mark.parametrize("parts", STORIES.values(), ids=STORIES)
async def test_a_finish_interrupted_after_any_steps_is_finished_by_the_next(
    tmp_path, monkeypatch, parts, zombie
):
    monkeypatch.setattr(disk, "COPY_BYTES", 2)
    whole = b"".join(parts)
    done = object()
    for stopped_after in range(1, 100):
        place = Place(tmp_path / str(stopped_after))
        await place.fill(parts, zombie=zombie)
        interrupted = place.steps()
        last = [next(interrupted, done) for _ in range(stopped_after)][-1]
        interrupted.close()
        with contextlib.suppress(NotFound):
            assert await place.uploads.offset(place.upload) == len(whole)
        await place.zombies.aclose()
        assert await place.uploads.finish(place.upload, KEY) == len(whole)
        assert await read_all(place.blobs, KEY) == whole
        assert not list(place.root.iterdir())
        if last is done:
            break
    assert last is done
    assert stopped_after > 3


@pytest.mark.parametrize("parts", STORIES.values(), ids=STORIES)
async def test_nothing_is_copied_but_what_must_be(tmp_path, parts):
    place = Place(tmp_path)
    await place.fill(parts)
    first = next((number for number, part in enumerate(parts, 1) if part), len(parts))
    inode = (place.root / ID / f"{first:08d}.segment").stat().st_ino
    await place.uploads.finish(place.upload, KEY)
    assert place.blobs.locate(KEY).stat().st_ino == inode


async def test_a_segment_that_a_stopped_writer_holds_never_becomes_the_blob(tmp_path):
    place = Place(tmp_path)
    await place.fill([b"abc", b"def"], zombie=True)
    held = place.root / ID / "00000001.segment"
    inode = held.stat().st_ino
    await place.uploads.finish(place.upload, KEY)
    assert place.blobs.locate(KEY).stat().st_ino != inode
    await place.zombies.aclose()


async def test_uploads_on_another_disk_are_copied(tmp_path):
    blobs = LocalBlobStore(tmp_path)
    with small_disk(4 << 20) as other:
        uploads = LocalUploadStore(other.folder / "uploads", blobs)
        await uploads.create(UPLOAD)
        async with uploads.open_writer(UPLOAD) as writer:
            await writer.write([b"x" * (3 << 20)])
        assert await uploads.finish(UPLOAD, KEY) == 3 << 20
        assert not list((other.folder / "uploads").iterdir())
    assert await read_all(blobs, KEY) == b"x" * (3 << 20)


async def test_without_room_to_join_the_upload_stays_as_it_was(tmp_path):
    with small_disk(10 << 20) as full:
        place = Place(full.folder)
        await place.fill([b"a" * (3 << 20), b"b" * (3 << 20)])
        assert full.mounted, "needs a disk of its own: run as root"
        filling = full.folder / "filling"
        filling.write_bytes(b"x" * ((await place.blobs.room()).free_bytes - 65_536))
        with pytest.raises(StorageFull):
            await place.uploads.finish(place.upload, KEY)
        assert await place.uploads.offset(place.upload) == 6 << 20
        assert (place.root / ID / "00000001.segment").stat().st_size == 3 << 20
        filling.unlink()
        assert await place.uploads.finish(place.upload, KEY) == 6 << 20
        assert await read_all(place.blobs, KEY) == b"a" * (3 << 20) + b"b" * (3 << 20)


async def test_a_segment_that_lost_counted_bytes_is_damaged(tmp_path):
    place = Place(tmp_path)
    await place.fill([b"abc", b"def"])
    (place.root / ID / "00000001.segment").write_bytes(b"ab")
    for attempt in (place.uploads.offset, place.uploads.measure):
        with pytest.raises(Damaged):
            await attempt(place.upload)
    with pytest.raises(Damaged):
        await place.uploads.finish(place.upload, KEY)
    with pytest.raises(NotFound):
        await place.blobs.stat(KEY)


async def test_finish_and_delete_at_once_leave_a_whole_blob_or_none(tmp_path):
    for number in range(30):
        place = Place(tmp_path / str(number))
        await place.fill([b"abc", b"def"])
        finished, deleted = await asyncio.gather(
            place.uploads.finish(place.upload, KEY), place.uploads.delete(ID), return_exceptions=True
        )
        assert deleted is None
        if finished == 6:
            assert await read_all(place.blobs, KEY) == b"abcdef"
        else:
            assert isinstance(finished, NotFound)
            with pytest.raises(NotFound):
                await place.blobs.stat(KEY)
        assert not list(place.root.iterdir())


async def test_two_uploads_never_share_a_folder(tmp_path):
    place = Place(tmp_path)
    await place.fill([b"abc"])
    other = UploadRef(ID + "2")
    await place.uploads.create(other)
    await place.uploads.delete(ID)
    assert await place.uploads.offset(other) == 0
