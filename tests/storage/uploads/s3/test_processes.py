"""Writers in other processes that are killed, stopped and woken, and a killed server; parts of real size."""

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from random import Random
from statistics import median

import pytest

from config.bucket import parse_bucket
from storage.blobs.cache import LocalCache
from storage.blobs.s3 import S3BlobStore
from storage.errors import StorageUnavailable, UploadBusy
from storage.records.database import migrate
from storage.s3.bucket import open_bucket
from storage.uploads.s3.store import S3UploadStore
from tests.services.object_store import ObjectStore
from tests.storage.blob_contract import read_all
from tests.storage.upload_sample import KEY
from tests.storage.upload_stores import until
from tests.storage.upload_story import take_over
from tests.storage.uploads.s3.child import PIECE, UPLOAD
from tests.storage.uploads.s3.deployment import deployed

PART_BYTES = 8 << 20


@pytest.fixture
def ledger_url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'intake.db'}"
    migrate(url)
    return url


@pytest.fixture
async def uploads(s3_url: str, ledger_url: str) -> AsyncIterator[S3UploadStore]:
    async with deployed(s3_url, ledger_url) as uploads:
        yield uploads


@pytest.fixture
async def blobs(s3_url: str, tmp_path: Path) -> AsyncIterator[S3BlobStore]:
    async with open_bucket(parse_bucket(s3_url), connections=4) as bucket:
        yield S3BlobStore(bucket, LocalCache(tmp_path / "cache", 1 << 20))


@contextlib.contextmanager
def child(s3_url: str, ledger_url: str, what: str) -> Iterator[subprocess.Popen[str]]:
    argv = [sys.executable, "-m", "tests.storage.uploads.s3.child", s3_url, ledger_url, what]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[4])
    try:
        assert process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def stop_between_transactions(process: subprocess.Popen[str], ledger_url: str) -> None:
    """Stop a process, but not while it holds the lock of a database that all others then wait for."""
    while True:
        process.send_signal(signal.SIGSTOP)
        os.waitpid(process.pid, os.WUNTRACED)
        with contextlib.closing(sqlite3.connect(ledger_url.removeprefix("sqlite:///"), timeout=0)) as ledger:
            try:
                ledger.execute("BEGIN IMMEDIATE").connection.rollback()
            except sqlite3.OperationalError:
                process.send_signal(signal.SIGCONT)
            else:
                return
        time.sleep(0.01)


def pattern(first: int, end: int) -> bytes:
    return (PIECE * (end // len(PIECE) + 1))[first:end]


async def test_a_killed_writer_leaves_every_acknowledged_byte(uploads, blobs, s3_url, ledger_url):
    """kill -9 at any moment; the next process goes on where it was."""
    await uploads.create(UPLOAD)
    with child(s3_url, ledger_url, "write") as writer:
        await asyncio.sleep(Random().uniform(0.05, 0.6))
        writer.kill()
        acknowledged = max(map(int, writer.stdout.read().splitlines()), default=0)
        writer.wait()
    with pytest.raises(UploadBusy):
        async with uploads.open_writer(UPLOAD):
            pass
    upload = await take_over(uploads, UPLOAD)
    offset = await uploads.offset(upload)
    assert acknowledged <= offset > 0
    async with uploads.open_writer(upload) as new:
        assert new.offset == offset
        await new.write([pattern(offset, offset + PART_BYTES * 2 + 17)])
    end = offset + PART_BYTES * 2 + 17
    assert await uploads.finish(upload, KEY) == end
    assert await read_all(blobs, KEY) == pattern(0, end)
    if await uploads.ages():  # it was killed between a piece and its record
        await uploads.delete(UPLOAD.id)
    async with deployed(s3_url, ledger_url) as afresh:
        assert await afresh.ages() == {}


async def test_a_stopped_writer_is_taken_over_and_changes_nothing_when_woken(
    uploads, blobs, s3_url, ledger_url
):
    await uploads.create(UPLOAD)
    with child(s3_url, ledger_url, "write") as writer:
        stop_between_transactions(writer, ledger_url)
        second = await take_over(uploads, UPLOAD)
        frozen = second.frozen[0]
        assert frozen > 0
        async with uploads.open_writer(second) as new:
            await new.write([b"the rest"])
            writer.send_signal(signal.SIGCONT)
            for _ in range(3):
                assert await asyncio.to_thread(writer.stdout.readline)
            assert await uploads.offset(second) == frozen + 8
        assert await uploads.finish(second, KEY) == frozen + 8
    assert await read_all(blobs, KEY) == pattern(0, frozen) + b"the rest"


async def test_what_a_silent_sender_sent_counts_in_every_process(uploads, s3_url, ledger_url):
    """A take-over by another process loses nothing of a sender that has said nothing for half a second."""
    await uploads.create(UPLOAD)
    async with deployed(s3_url, ledger_url) as other, uploads.open_writer(UPLOAD) as writer:
        await writer.write([PIECE])
        assert await other.idle_seconds(UPLOAD) < 1

        async def counts() -> bool:
            return await other.offset(UPLOAD) == len(PIECE)

        await until(counts)
        seen = []
        for _ in range(20):
            await asyncio.sleep(0.1)  # as a sender does that is slow, not silent
            await writer.write([b"slow"])
            seen.append(await other.idle_seconds(UPLOAD))
        assert median(seen[3:]) < 0.5
        assert max(seen[3:]) < 1, "a single word may be late, but not by a second of two"


async def test_a_killed_server_loses_nothing_that_was_acknowledged(uploads, blobs, object_store: ObjectStore):
    await uploads.create(UPLOAD)
    size = PART_BYTES * 2 + 12_345

    async def send(first: int, end: int) -> None:
        async with uploads.open_writer(upload) as writer:
            assert writer.offset == first
            await writer.write([pattern(first, end)])
            await writer.sync()

    upload = UPLOAD
    await send(0, PART_BYTES + 5)
    sending = asyncio.create_task(send(PART_BYTES + 5, size))
    await asyncio.sleep(0.01)
    object_store.kill()
    try:
        with contextlib.suppress(StorageUnavailable):
            await sending
        offset = await uploads.offset(upload)
        assert PART_BYTES + 5 <= offset <= size
        with pytest.raises(StorageUnavailable):
            await uploads.finish(upload, KEY)
    finally:
        object_store.start()
    assert await uploads.finish(upload, KEY) == offset
    assert await read_all(blobs, KEY) == pattern(0, offset)


async def test_a_killed_finish_is_finished_by_the_next_at_once(uploads, blobs, s3_url, ledger_url):
    random = Random(10)
    size = PART_BYTES + 100
    for _ in range(2):
        await uploads.create(UPLOAD)
        async with uploads.open_writer(UPLOAD) as writer:
            await writer.write([pattern(0, size)])
        with child(s3_url, ledger_url, "finish") as finisher:
            await asyncio.sleep(random.uniform(0, 0.05))
            finisher.kill()
            finisher.wait()
        assert await uploads.finish(UPLOAD, KEY) == size
        assert await read_all(blobs, KEY) == pattern(0, size)
        assert await uploads.ages() == {}
        await blobs.delete(KEY)
