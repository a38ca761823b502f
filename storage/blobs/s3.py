"""Blobs in an object store: each is one object, `<prefix>/blobs/<key>`.

Parts that a killed process left of an object are dropped after a day. An object that is a whole upload is
put together by the upload store, which looks after its parts itself.
"""

import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from storage.blobs import BlobStat, Shown
from storage.blobs.cache import LocalCache
from storage.blobs.copies import Wanted
from storage.blobs.disk import PIECE_BYTES, in_thread
from storage.blobs.naming import require_key
from storage.errors import NotFound, StorageError
from storage.evidence import original_key
from storage.s3 import multipart, objects
from storage.s3.bucket import Bucket
from storage.s3.publishing import publish
from storage.s3.reading import stream

#: What one reader may hold in memory: a range and the next one…
_RANGE_BYTES = 2 << 20
#: …and somebody who fetches a local copy: so many larger ones.
_COPY_RANGE_BYTES = 8 << 20
_COPY_AHEAD = 3

_LEFTOVER_SECONDS = 86_400.0
_SWEEP_SECONDS = 3600.0


class S3BlobStore:
    """A `BlobStore` in a bucket; local copies go into `cache`."""

    def __init__(self, bucket: Bucket, cache: LocalCache) -> None:
        self._bucket = bucket
        self._cache = cache
        self._swept_at = -_SWEEP_SECONDS

    @property
    def bucket(self) -> Bucket:
        """Where the blobs are."""
        return self._bucket

    def locate(self, key: str) -> str:
        """Return the object's key of the blob `key`. Raises `NotFound` for what cannot be a key."""
        return self._bucket.locate("blobs", require_key(key))

    async def publish(self, key: str, source: Path) -> BlobStat:
        """Send the file, in parts if it is large, then remove it here."""
        located = self.locate(key)
        with suppress(StorageError):
            await self._sweep()
        size_bytes = await publish(self._bucket, located, source)
        await in_thread(source.unlink)
        return BlobStat(size_bytes)

    async def write_bytes(self, key: str, data: bytes) -> BlobStat:
        """Store a small object; an earlier one is replaced at once, never in part."""
        await self._bucket.run(objects.put, self._bucket, self.locate(key), data)
        return BlobStat(len(data))

    async def stat(self, key: str) -> BlobStat:
        """Return the blob's size."""
        return BlobStat((await self._head(key)).size_bytes)

    async def _head(self, key: str) -> objects.Stat:
        return await self._bucket.run(objects.head, self._bucket, self.locate(key))

    async def read(self, key: str, first: int = 0, last: int | None = None) -> AsyncGenerator[bytes, None]:
        """Yield a range of the blob's bytes, asking for the next ones while these are used."""
        located = self.locate(key)
        if last is not None and last < first:
            await self.stat(key)
            return
        ranges = stream(self._bucket, located, first, last, range_bytes=_RANGE_BYTES, ahead=1)
        async with aclosing(ranges) as found:
            async for data in found:
                for start in range(0, len(data), PIECE_BYTES):
                    yield data[start : start + PIECE_BYTES]

    async def link(self, key: str, shown: Shown, seconds: int) -> str:
        """Return a presigned URL; the answer's type and disposition are signed, too."""
        return await self._bucket.run(self._link, self.locate(key), shown, seconds)

    def _link(self, located: str, shown: Shown, seconds: int) -> str:
        asked = {
            "Bucket": self._bucket.name,
            "Key": located,
            "ResponseContentType": shown.media_type,
            "ResponseContentDisposition": shown.disposition,
            "ResponseCacheControl": "private, no-cache",
        }
        return self._bucket.client.generate_presigned_url("get_object", Params=asked, ExpiresIn=seconds)

    @asynccontextmanager
    async def open_local(self, key: str, sha256: str | None) -> AsyncIterator[Path]:
        """Give a local copy, fetched unless there is one still."""
        located, stat = self.locate(key), await self._head(key)
        wanted = Wanted(located, stat.etag, stat.size_bytes, sha256)
        fetch = partial(
            stream, self._bucket, located, 0, None, range_bytes=_COPY_RANGE_BYTES, ahead=_COPY_AHEAD
        )
        async with self._cache.hold(wanted, fetch) as path:
            yield path

    async def delete(self, key: str) -> None:
        """Remove the blob and this machine's copy of it."""
        try:
            located = self.locate(key)
        except NotFound:
            return
        await self._bucket.run(objects.delete, self._bucket, located)
        await self._cache.forget(located)

    async def keys(self, evidence_id: str) -> tuple[str, ...]:
        """Return the keys of one piece of evidence."""
        folder = self.locate(original_key(evidence_id)).removesuffix(original_key(evidence_id))
        return await self._bucket.run(self._keys, folder, f"{folder}{evidence_id}/")

    def _keys(self, folder: str, prefix: str) -> tuple[str, ...]:
        pages = self._bucket.client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket.name, Prefix=prefix
        )
        return tuple(
            sorted(found["Key"].removeprefix(folder) for page in pages for found in page.get("Contents", []))
        )

    async def room(self) -> None:
        """An object store has no notion of room: it says that it is full when it is."""
        return

    async def _sweep(self) -> None:
        """Drop what killed processes left of objects, at most once an hour."""
        if time.monotonic() - self._swept_at < _SWEEP_SECONDS:
            return
        self._swept_at = time.monotonic()
        await self._bucket.run(self._drop_leftovers, datetime.now(UTC) - timedelta(seconds=_LEFTOVER_SECONDS))

    def _drop_leftovers(self, before: datetime) -> None:
        for left in multipart.list_unfinished(self._bucket, self._bucket.locate("blobs", "")):
            if left.begun_at < before and not left.key.endswith(original_key("")):
                multipart.abort(self._bucket, left.key, left.upload_id)
