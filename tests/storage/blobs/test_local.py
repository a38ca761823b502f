import asyncio
import os
import stat
import time
from io import FileIO
from pathlib import Path

import pytest

from storage.blobs import disk
from storage.blobs.disk import open_regular
from storage.blobs.local import LocalBlobStore
from storage.errors import NotFound, StorageFull
from tests.services.api import until
from tests.services.disk import small_disk
from tests.storage.blob_contract import HOSTILE, KEY, BlobContract, read_all


class TestLocalBlobStore(BlobContract):
    def open_store(self, folder: Path) -> LocalBlobStore:
        return LocalBlobStore(folder)

    async def test_what_cannot_be_a_key_makes_no_file(self, blobs, source, tmp_path):
        before = sorted(tmp_path.rglob("*"))
        for key in HOSTILE:
            for attempt in (blobs.publish(key, source), blobs.write_bytes(key, b"x")):
                with pytest.raises(NotFound):
                    await attempt
        assert sorted(tmp_path.rglob("*")) == before

    async def test_publishing_on_the_same_disk_copies_nothing(self, blobs, source):
        inode = source.stat().st_ino
        await blobs.publish(KEY, source)
        assert blobs.locate(KEY).stat().st_ino == inode

    async def test_a_local_file_is_the_blob_itself(self, blobs):
        await blobs.write_bytes(KEY, b"1")
        async with blobs.open_local(KEY, None) as path:
            assert path == blobs.locate(KEY)

    async def test_folders_are_sharded_by_the_end_of_the_evidence_id(self, blobs, tmp_path):
        await blobs.write_bytes(KEY, b"1")
        assert (tmp_path / "blobs" / "ab" / KEY).is_file()

    async def test_files_and_folders_are_for_this_user_only(self, blobs, source, tmp_path):
        source.chmod(0o666)
        await blobs.publish(KEY, source)
        await blobs.write_bytes(KEY + ".json", b"{}")
        for path in (tmp_path / "blobs", *(tmp_path / "blobs").rglob("*")):
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)

    async def test_publishing_from_another_disk_copies_and_consumes(self, blobs):
        with small_disk(4 << 20) as disk:
            (disk.folder / "source").write_bytes(b"0123456789" * 1000)
            await blobs.publish(KEY, disk.folder / "source")
            assert not (disk.folder / "source").exists()
        assert await read_all(blobs, KEY) == b"0123456789" * 1000

    async def test_a_full_disk_is_said_and_leaves_nothing_behind(self, tmp_path):
        with small_disk(4 << 20) as disk:
            blobs = LocalBlobStore(disk.folder / "blobs")
            await blobs.write_bytes(KEY, b"kept")
            source = tmp_path / "source"
            source.write_bytes(b"x" * (5 << 20))
            with pytest.raises(StorageFull):
                await blobs.publish(KEY, source)
            with pytest.raises(StorageFull):
                await blobs.write_bytes(KEY, b"x" * (5 << 20))
            assert source.stat().st_size == 5 << 20
            assert await read_all(blobs, KEY) == b"kept"
            assert not list((disk.folder / "blobs" / "incoming").iterdir())

    @pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
    async def test_only_regular_files_are_published(self, blobs, tmp_path, kind):
        source = tmp_path / "odd"
        make = {
            "link": lambda: source.symlink_to("/etc/passwd"),
            "folder": source.mkdir,
            "pipe": lambda: os.mkfifo(source),
        }
        make[kind]()
        with pytest.raises(NotFound):
            await blobs.publish(KEY, source)
        with pytest.raises(NotFound):
            await blobs.stat(KEY)

    async def test_what_a_killed_process_left_is_removed_after_a_day(self, blobs, tmp_path):
        await blobs.write_bytes(KEY, b"1")
        old, new = (tmp_path / "blobs" / "incoming" / name for name in ("old", "new"))
        old.touch()
        new.touch()
        os.utime(old, (time.time() - 90_000,) * 2)
        await blobs.write_bytes(KEY, b"2")
        assert not old.exists()
        assert new.exists()

    async def test_a_blob_deleted_while_it_is_read_is_read_to_its_end(self, blobs):
        await blobs.write_bytes(KEY, b"x" * (3 << 20))
        pieces = blobs.read(KEY)
        got = len(await anext(pieces))
        await blobs.delete(KEY)
        assert got + sum([len(piece) async for piece in pieces]) == 3 << 20

    async def test_a_reader_that_goes_away_at_any_moment_leaves_no_file_open(self, blobs, monkeypatch):
        await blobs.write_bytes(KEY, b"x" * (2 << 20))
        opened: list[FileIO] = []

        def open_and_note(path: Path) -> FileIO:
            opened.append(open_regular(path))
            return opened[-1]

        monkeypatch.setattr(disk, "open_regular", open_and_note)
        for turns in range(40):
            reading = asyncio.create_task(read_all(blobs, KEY))
            for _ in range(turns % 8):
                await asyncio.sleep(0)
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

        async def all_closed() -> bool:  # all but the five that went away before they began
            return len(opened) == 35 and all(handle.closed for handle in opened)

        await until(all_closed)
