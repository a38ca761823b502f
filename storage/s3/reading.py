"""Read an object by ranges: no connection is held while a slow reader takes its time."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator

from storage.s3 import objects
from storage.s3.bucket import Bucket


async def stream(
    bucket: Bucket, key: str, first: int, last: int | None, *, range_bytes: int, ahead: int
) -> AsyncGenerator[bytes, None]:
    """Yield the bytes `first` to `last` inclusive (`None`: to the end) in pieces of at most `range_bytes`.

    So many ranges are asked for `ahead` of the one that is taken: it may hold `ahead + 1` of them in memory.
    Raises `NotFound` before the first piece, and `StorageUnavailable` also later, and if the object is
    replaced meanwhile.
    """
    end = first + range_bytes - 1 if last is None else min(last, first + range_bytes - 1)
    piece = await bucket.run(objects.fetch, bucket, key, first, end)
    if piece is None:
        return
    whole = piece.of.size_bytes - 1
    last = whole if last is None else min(last, whole)
    starts = iter(range(first + range_bytes, last + 1, range_bytes))

    def ask() -> None:
        if (start := next(starts, None)) is not None:
            end = min(last, start + range_bytes - 1)
            asked.append(
                asyncio.create_task(bucket.run(objects.fetch, bucket, key, start, end, piece.of.etag))
            )

    asked: deque[asyncio.Task[objects.Piece | None]] = deque()
    try:
        for _ in range(ahead):
            ask()
        yield piece.data
        ask()
        while asked:
            found = await asked.popleft()
            ask()
            yield found.data if found else b""
    finally:
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
