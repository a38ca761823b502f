import asyncio
import errno
import os
import threading

import pytest

from storage.blobs import disk
from storage.blobs.disk import copy_pieces, in_thread
from storage.errors import NotFound, StorageError, StorageFull


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.ENOENT, NotFound),
        (errno.ENOTDIR, NotFound),
        (errno.ENOSPC, StorageFull),
        (errno.EDQUOT, StorageFull),
        (errno.EFBIG, StorageFull),
        (errno.EIO, StorageError),
        (errno.EACCES, StorageError),
    ],
)
async def test_errors_of_the_disk_become_errors_of_this_package(number, expected):
    def fail() -> None:
        raise OSError(number, "of the disk")

    with pytest.raises(StorageError) as caught:
        await in_thread(fail)
    assert type(caught.value) is expected


async def test_a_disk_that_does_not_answer_is_an_error():
    answered = threading.Event()
    with pytest.raises(StorageError):
        await in_thread(answered.wait, 10, seconds=0.05)
    answered.set()


async def test_a_caller_may_be_cancelled_while_its_work_goes_on():
    begin, done = threading.Event(), threading.Event()

    def work() -> None:
        begin.wait(10)
        done.set()

    caller = asyncio.create_task(in_thread(work))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    begin.set()
    assert await in_thread(done.wait, 10)


@pytest.mark.parametrize("size_bytes", [0, 1, 2, 7, 5000])
def test_copies_are_exact_and_in_pieces(tmp_path, monkeypatch, size_bytes):
    monkeypatch.setattr(disk, "COPY_BYTES", 1000)
    data = os.urandom(size_bytes)
    (tmp_path / "source").write_bytes(data + b"beyond")
    with (tmp_path / "source").open("rb") as source, (tmp_path / "target").open("wb", buffering=0) as target:
        target.write(b"before")
        pieces = list(copy_pieces(source.fileno(), target.fileno(), size_bytes))
    assert pieces == [*range(1000, size_bytes, 1000), *([size_bytes] if size_bytes else [])]
    assert (tmp_path / "target").read_bytes() == b"before" + data


def test_copying_from_a_file_that_became_shorter_is_an_error(tmp_path):
    (tmp_path / "source").write_bytes(b"abc")
    with (tmp_path / "source").open("rb") as source, (tmp_path / "target").open("wb") as target:
        copying = copy_pieces(source.fileno(), target.fileno(), 4)
        with pytest.raises(OSError, match="shorter"):
            list(copying)
