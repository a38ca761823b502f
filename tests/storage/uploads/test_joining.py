"""Joining stopped after every single step, as by a kill, and begun again; cancelled, and by two at once."""

import asyncio
import contextlib
import os
import threading
from pathlib import Path

import pytest

from storage.blobs import disk
from storage.blobs.local import LocalBlobStore
from storage.errors import NotFound, StorageFull, UploadBusy
from storage.uploads.folder import UploadFolder
from storage.uploads.joining import join_steps
from storage.uploads.local import LocalUploadStore
from tests.services.disk import small_disk
from tests.storage.blob_contract import read_all
from tests.storage.upload_joins import WHOLE, new_part
from tests.storage.upload_sample import KEY
from tests.storage.upload_stores import until


class Place:
    """Stores in a folder, with parts and the place of a whole."""

    def __init__(self, folder: Path) -> None:
        self.blobs = LocalBlobStore(folder / "blobs")
        self.uploads = LocalUploadStore(folder / "uploads", self.blobs)
        self.folder = UploadFolder(folder / "uploads", WHOLE.id)

    async def fill(self, *parts: tuple[bytes, ...]) -> None:
        self.parts = [await new_part(self.uploads, number, *part) for number, part in enumerate(parts)]
        await self.uploads.create(WHOLE)


async def test_a_join_interrupted_after_any_steps_is_finished_by_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr(disk, "COPY_BYTES", 2)
    done = object()
    for stopped_after in range(1, 100):
        place = Place(tmp_path / str(stopped_after))
        await place.fill((b"abc",), (b"", b"de", b"fgh"), (b"",))
        interrupted = join_steps(place.folder, place.parts, place.blobs, KEY)
        last = [next(interrupted, done) for _ in range(stopped_after)][-1]
        interrupted.close()
        with contextlib.suppress(NotFound):
            assert (await place.blobs.stat(KEY)).size_bytes == 8
        assert await place.uploads.join(WHOLE, place.parts, KEY) == 8
        assert await read_all(place.blobs, KEY) == b"abcdefgh"
        assert not place.folder.open.exists()
        assert not place.folder.shut.exists()
        if last is done:
            break
    assert last is done
    assert stopped_after > 6


async def test_a_join_that_had_all_bytes_needs_its_parts_no_more(tmp_path):
    place = Place(tmp_path)
    await place.fill((b"abc",), (b"def",))
    steps = join_steps(place.folder, place.parts, place.blobs, KEY)
    while not place.folder.shut.exists():
        next(steps)
    steps.close()
    for part in place.parts:
        await place.uploads.delete(part.upload.id)
    assert await place.uploads.join(WHOLE, place.parts, KEY) == 6
    assert await read_all(place.blobs, KEY) == b"abcdef"


async def test_without_room_to_join_nothing_is_kept_and_the_parts_stay(tmp_path):
    with small_disk(10 << 20) as full:
        place = Place(full.folder)
        await place.fill((b"a" * (3 << 20),), (b"b" * (3 << 20),))
        assert full.mounted, "needs a disk of its own: run as root"
        free = (await place.blobs.room()).free_bytes
        with pytest.raises(StorageFull):
            await place.uploads.join(WHOLE, place.parts, KEY)
        assert (await place.blobs.room()).free_bytes > free - 65_536
        await place.uploads.delete(place.parts[1].upload.id)
        assert await place.uploads.join(WHOLE, place.parts[:1], KEY) == 3 << 20


class Slow:
    """Copying that waits until it may go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.goes_on = threading.Event(), threading.Event()
        self.pieces = 0
        self._copy = os.copy_file_range
        monkeypatch.setattr(os, "copy_file_range", self._copy_late)
        monkeypatch.setattr(disk, "COPY_BYTES", 2)

    def _copy_late(self, *args: int, **values: int) -> int:
        self.pieces += 1
        self.begun.set()
        assert self.goes_on.wait(10)
        return self._copy(*args, **values)


async def test_of_two_joins_at_once_the_second_is_told_so_at_once(tmp_path, monkeypatch):
    place, slow = Place(tmp_path), Slow(monkeypatch)
    await place.fill((b"abc",), (b"def",))
    first = asyncio.create_task(place.uploads.join(WHOLE, place.parts, KEY))
    await asyncio.to_thread(slow.begun.wait, 10)
    with pytest.raises(UploadBusy):
        await place.uploads.join(WHOLE, place.parts, KEY)
    slow.goes_on.set()
    assert await first == 6


async def test_a_join_that_is_cancelled_stops_at_the_next_piece_and_lets_go(tmp_path, monkeypatch):
    place, slow = Place(tmp_path), Slow(monkeypatch)
    await place.fill((b"x" * 1000,))
    joining = asyncio.create_task(place.uploads.join(WHOLE, place.parts, KEY))
    await asyncio.to_thread(slow.begun.wait, 10)
    joining.cancel()
    with pytest.raises(asyncio.CancelledError):
        await joining
    slow.goes_on.set()

    async def joined_by_the_next() -> bool:
        with contextlib.suppress(UploadBusy):
            return await place.uploads.join(WHOLE, place.parts, KEY) == 1000
        return False

    await until(joined_by_the_next)
    assert slow.pieces <= 1 + 500


async def test_a_whole_cancelled_while_it_is_joined_stops_at_the_next_piece(tmp_path, monkeypatch):
    place, slow = Place(tmp_path), Slow(monkeypatch)
    await place.fill((b"x" * 1000,))
    joining = asyncio.create_task(place.uploads.join(WHOLE, place.parts, KEY))
    await asyncio.to_thread(slow.begun.wait, 10)
    await place.uploads.delete(WHOLE.id)
    slow.goes_on.set()
    with pytest.raises(NotFound):
        await joining
    assert slow.pieces == 1
    with pytest.raises(NotFound):
        await place.blobs.stat(KEY)
