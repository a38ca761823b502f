"""Writers in other processes that are stopped, woken and killed."""

import asyncio
import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from storage.blobs.local import LocalBlobStore
from storage.errors import NotFound, UploadBusy
from storage.uploads import UploadRef
from storage.uploads.local import LocalUploadStore
from tests.services.process import wait_until
from tests.storage.blob_contract import read_all
from tests.storage.upload_sample import ID, KEY, UPLOAD
from tests.storage.upload_story import take_over
from tests.storage.uploads.child import CHECKED, PIECE


@pytest.fixture
def blobs(tmp_path: Path) -> LocalBlobStore:
    return LocalBlobStore(tmp_path / "blobs")


@pytest.fixture
def uploads(tmp_path: Path, blobs: LocalBlobStore) -> LocalUploadStore:
    return LocalUploadStore(tmp_path / "uploads", blobs)


@contextlib.contextmanager
def child(folder: Path, *what: str) -> Iterator[subprocess.Popen[str]]:
    argv = [sys.executable, "-m", "tests.storage.uploads.child", str(folder), *what]
    pipe = subprocess.PIPE
    process = subprocess.Popen(argv, stdin=pipe, stdout=pipe, text=True, cwd=Path(__file__).parents[3])
    try:
        assert process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stdin.close()


def stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGSTOP)
    wait_until(lambda: "T (stopped)" in Path(f"/proc/{process.pid}/status").read_text())


def pattern(size_bytes: int) -> bytes:
    return (PIECE * (size_bytes // len(PIECE) + 1))[:size_bytes]


async def test_a_stopped_writer_is_taken_over_and_changes_nothing_when_woken(uploads, blobs, tmp_path):
    await uploads.create(UPLOAD)
    first = tmp_path / "uploads" / ID / "00000001.segment"
    with child(tmp_path, "write") as writer:
        wait_until(lambda: first.stat().st_size > 1 << 20)
        stop(writer)
        with pytest.raises(UploadBusy):
            async with uploads.open_writer(UPLOAD):
                pass
        second = await take_over(uploads, UPLOAD)
        frozen = second.frozen[0]
        async with uploads.open_writer(second) as new:
            await new.write([b"the rest"])
            grown = first.stat().st_size
            writer.send_signal(signal.SIGCONT)
            wait_until(lambda: first.stat().st_size > grown + (1 << 20))
            assert await uploads.offset(second) == frozen + 8
        stop(writer)
        assert await uploads.finish(second, KEY) == frozen + 8
        writer.send_signal(signal.SIGCONT)
        lines = [int(writer.stdout.readline()) for _ in range(200)]
        assert lines == sorted(lines)
        assert await read_all(blobs, KEY) == pattern(frozen) + b"the rest"


async def test_a_stopped_writer_cannot_change_a_blob_finished_without_another_byte(uploads, blobs, tmp_path):
    await uploads.create(UPLOAD)
    with child(tmp_path, "write") as writer:
        wait_until(lambda: (tmp_path / "uploads" / ID / "00000001.segment").stat().st_size > 1 << 20)
        stop(writer)
        with pytest.raises(UploadBusy):
            await uploads.finish(UPLOAD, KEY)
        second = await take_over(uploads, UPLOAD)
        size_bytes = await uploads.finish(second, KEY)
        writer.send_signal(signal.SIGCONT)
        for _ in range(100):
            assert writer.stdout.readline()
        assert await read_all(blobs, KEY) == pattern(size_bytes)


async def test_a_killed_writer_leaves_every_acknowledged_byte_and_its_place(uploads, blobs, tmp_path):
    """kill -9 at any moment: what was synced is there, and the same epoch goes on at once."""
    random = Random(9)
    await uploads.create(UPLOAD)
    for _ in range(10):
        with child(tmp_path, "write") as writer:
            await asyncio.sleep(random.uniform(0, 0.05))
            writer.kill()
            rest = writer.stdout.read().splitlines()
            acknowledged = max(map(int, rest), default=0)
            writer.wait()
        offset = await uploads.offset(UPLOAD)
        assert acknowledged <= offset
        assert offset <= (tmp_path / "uploads" / ID / "00000001.segment").stat().st_size
        async with uploads.open_writer(UPLOAD) as new:
            assert new.offset == offset
            await new.write([pattern(offset + len(PIECE))[offset:][: -offset % len(PIECE)]])
    size_bytes = await uploads.finish(UPLOAD, KEY)
    assert size_bytes > 0
    assert await read_all(blobs, KEY) == pattern(size_bytes)


async def test_a_killed_writer_leaves_nothing_that_it_held_back(uploads, blobs, tmp_path):
    """kill -9 at any moment: all of what was held back counts, or none."""
    random = Random(11)
    await uploads.create(UPLOAD)
    for _ in range(10):
        before = await uploads.offset(UPLOAD)
        with child(tmp_path, "check") as writer:
            await asyncio.sleep(random.uniform(0, 0.05))
            writer.kill()
            kept = max(map(int, writer.stdout.read().splitlines()), default=before)
            writer.wait()
        offset = await uploads.offset(UPLOAD)
        assert offset in {kept, kept + len(CHECKED)}
        async with uploads.open_writer(UPLOAD) as new:
            assert new.offset == offset
    assert offset > 0
    assert await uploads.finish(UPLOAD, KEY) == offset
    assert await read_all(blobs, KEY) == pattern(offset)


async def test_a_killed_writer_needs_no_writer_after_it_for_the_blob_to_be_right(uploads, blobs, tmp_path):
    await uploads.create(UPLOAD)
    async with uploads.open_writer(UPLOAD) as writer:
        await writer.write([b"abc"])
    with child(tmp_path, "hold_back"):
        pass
    assert await uploads.offset(UPLOAD) == 3
    assert await uploads.finish(UPLOAD, KEY) == 3
    assert await read_all(blobs, KEY) == b"abc"


async def test_a_stopped_writer_that_keeps_when_woken_changes_nothing(uploads, blobs, tmp_path):
    await uploads.create(UPLOAD)
    with child(tmp_path, "hold_back") as old:
        stop(old)
        second = await take_over(uploads, UPLOAD)
        assert second.frozen == (0,)
        async with uploads.open_writer(second) as new:
            await new.write([b"abc"])
            old.send_signal(signal.SIGCONT)
            old.stdin.write("\n")
            old.stdin.flush()
            assert int(old.stdout.readline()) == len(CHECKED)
            assert await uploads.offset(second) == 3
        assert await uploads.finish(second, KEY) == 3
    assert await read_all(blobs, KEY) == b"abc"


async def test_a_killed_finish_is_finished_by_the_next(uploads, blobs, tmp_path):
    random = Random(10)
    parts = [random.randbytes(3 << 20) for _ in range(4)]
    for _ in range(10):
        upload = UPLOAD
        await uploads.create(upload)
        for part in parts:
            async with uploads.open_writer(upload) as writer:
                await writer.write([part])
            upload = await take_over(uploads, upload)
        with child(tmp_path, "finish", *map(str, upload.frozen)) as finisher:
            await asyncio.sleep(random.uniform(0, 0.03))
            finisher.kill()
            finisher.wait()
        with contextlib.suppress(NotFound):
            assert await uploads.offset(upload) == 12 << 20
        assert await uploads.finish(upload, KEY) == 12 << 20
        assert await read_all(blobs, KEY) == b"".join(parts)
        assert not list((tmp_path / "uploads").iterdir())
        await blobs.delete(KEY)


async def test_a_finish_by_two_processes_ends_the_same(uploads, blobs, tmp_path):
    await uploads.create(UPLOAD)
    async with uploads.open_writer(UPLOAD) as writer:
        await writer.write([b"a" * (8 << 20)])
    second = await take_over(uploads, UPLOAD)
    async with uploads.open_writer(second) as writer:
        await writer.write([b"b" * (8 << 20)])
    with child(tmp_path, "finish", str(8 << 20)) as finisher:
        assert await uploads.finish(UploadRef(ID, 2, (8 << 20,)), KEY) == 16 << 20
        assert finisher.wait(20) == 0
    assert await read_all(blobs, KEY) == b"a" * (8 << 20) + b"b" * (8 << 20)
