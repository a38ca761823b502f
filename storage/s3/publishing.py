"""Send a file to the object store: at once, or in parts that the store puts together."""

import asyncio
import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from storage.blobs.disk import in_thread, open_regular
from storage.errors import StorageError
from storage.s3 import MOST_PARTS, objects
from storage.s3.bucket import Bucket
from storage.s3.multipart import abort, begin, complete, send_part

MIB = 1 << 20
#: Parts of a file that does not need larger ones; what is no larger is sent at once.
USUAL_PART_BYTES = 16 * MIB
#: Parts of one file that are sent, and in memory, at once.
SENDERS = 3

_PART_SECONDS = 600.0
#: A worker that stops does not wait longer to tidy up.
_ABORT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class _Sending:
    """A file on its way into one object."""

    bucket: Bucket
    key: str
    source: Path
    size_bytes: int
    upload_id: str


def part_bytes_of(size_bytes: int) -> int:
    """Return how large the parts of a file are, in whole MiB, so that they are not too many."""
    needed = -(-size_bytes // MOST_PARTS)
    return max(USUAL_PART_BYTES, -(-needed // MIB) * MIB)


async def publish(bucket: Bucket, key: str, source: Path) -> int:
    """Make the file the object, which is there whole or not at all, and return its size in bytes.

    Each body carries its MD5, which the store compares; then the object's size is compared with the file's.
    Raises `NotFound` for what is no file, `StorageFull`, `StorageUnavailable`.
    """
    size_bytes = await in_thread(_size_of, source)
    if size_bytes <= USUAL_PART_BYTES:
        await bucket.run(_put_file, bucket, key, source, size_bytes, seconds=_PART_SECONDS)
    else:
        await _publish_parts(bucket, key, source, size_bytes)
    stored = await bucket.run(objects.head, bucket, key)
    if stored.size_bytes != size_bytes:
        raise StorageError(f"the store has {stored.size_bytes} bytes of an object of {size_bytes}")
    return size_bytes


def _size_of(source: Path) -> int:
    with open_regular(source) as handle:
        return os.fstat(handle.fileno()).st_size


def _read_exactly(source: Path, start: int, count: int) -> bytes:
    with open_regular(source) as handle:
        handle.seek(start)
        data = handle.read(count)
    if data is None or len(data) != count:
        raise OSError(errno.EIO, "a file is shorter than it was")
    return data


def _put_file(bucket: Bucket, key: str, source: Path, size_bytes: int) -> None:
    objects.put(bucket, key, _read_exactly(source, 0, size_bytes))


async def _publish_parts(bucket: Bucket, key: str, source: Path, size_bytes: int) -> None:
    upload_id = await bucket.run(begin, bucket, key, undo=lambda begun: abort(bucket, key, begun))
    sending = _Sending(bucket, key, source, size_bytes, upload_id)
    try:
        etags = await _send_parts(sending)
        await bucket.run(_complete, sending, etags)
    except BaseException:
        # What this does not reach is found by its age later.
        with suppress(StorageError):
            await bucket.run(abort, bucket, key, upload_id, seconds=_ABORT_SECONDS)
        raise


async def _send_parts(sending: _Sending) -> list[str]:
    """Send every part, a few at once; return their entity tags in order."""
    part_bytes = part_bytes_of(sending.size_bytes)
    starts = range(0, sending.size_bytes, part_bytes)
    etags = [""] * len(starts)
    left = iter(enumerate(starts))
    try:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(SENDERS):
                tasks.create_task(_send_some(sending, left, part_bytes, etags))
    except ExceptionGroup as group:
        raise group.exceptions[0] from group
    return etags


async def _send_some(
    sending: _Sending, left: Iterator[tuple[int, int]], part_bytes: int, etags: list[str]
) -> None:
    for index, start in left:
        count = min(part_bytes, sending.size_bytes - start)
        etags[index] = await sending.bucket.run(
            _send_part, sending, index + 1, start, count, seconds=_PART_SECONDS
        )


def _send_part(sending: _Sending, number: int, start: int, count: int) -> str:
    data = _read_exactly(sending.source, start, count)
    return send_part(sending.bucket, sending.key, sending.upload_id, number, data)


def _complete(sending: _Sending, etags: list[str]) -> None:
    """Have the parts put together. An answer that was lost, or a 500, may have done it all the same."""
    try:
        complete(sending.bucket, sending.key, sending.upload_id, enumerate(etags, start=1))
    except (BotoCoreError, ClientError):
        with suppress(BotoCoreError, ClientError):
            if objects.head(sending.bucket, sending.key).size_bytes == sending.size_bytes:
                return
        raise
