"""`Objects` in a bucket."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple

from storage.errors import Damaged
from storage.s3 import multipart, objects
from storage.s3.bucket import Bucket
from storage.uploads.s3.account import Extent, ExtentKind
from storage.uploads.s3.objects import Found

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import CopySourceTypeDef

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

#: A copy within the store may take this long.
_COPY_SECONDS = 3600.0


class BucketObjects:
    """`Objects` as a server that speaks S3 keeps them."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def _key(self, place: str) -> str:
        folder, _, key = place.partition("/")
        return self._bucket.locate(folder, key)

    def _place(self, key: str) -> str:
        return key.removeprefix(f"{self._bucket.prefix}/")

    async def _run(self, work: Callable[[Bucket, str, *Ts], T], place: str, *more: *Ts) -> T:
        return await self._bucket.run(work, self._bucket, self._key(place), *more)

    async def put(self, place: str, data: bytes) -> None:
        """Store an object."""
        await self._run(objects.put, place, data)

    async def get(self, place: str, first: int, size_bytes: int) -> bytes:
        """Ask for a range."""
        if size_bytes == 0:
            return b""
        found = await self._run(objects.fetch, place, first, first + size_bytes - 1)
        if found is None or len(found.data) < size_bytes:
            raise Damaged("an object is shorter than it was")
        return found.data

    async def size(self, place: str) -> int:
        """Ask for its head."""
        return (await self._run(objects.head, place)).size_bytes

    async def copy(self, source: str, target: str) -> None:
        """Let the client copy it, by parts if it is large."""
        copy = self._bucket.client.copy
        await self._bucket.run(
            copy, self._source(source), self._bucket.name, self._key(target), seconds=_COPY_SECONDS
        )

    def _source(self, place: str) -> "CopySourceTypeDef":
        return {"Bucket": self._bucket.name, "Key": self._key(place)}

    async def delete(self, places: Sequence[str]) -> None:
        """Remove one after the other."""
        for place in places:
            await self._run(objects.delete, place)

    async def find(self, prefix: str) -> Sequence[Found]:
        """List the keys."""
        return await self._run(self._find, prefix)

    def _find(self, bucket: Bucket, prefix: str) -> Sequence[Found]:
        pages = bucket.client.get_paginator("list_objects_v2").paginate(Bucket=bucket.name, Prefix=prefix)
        return [
            Found(self._place(found["Key"]), _age(found["LastModified"]))
            for page in pages
            for found in page.get("Contents", [])
        ]

    async def begin(self, place: str) -> str:
        """Begin a multipart upload."""
        key = self._key(place)
        drop = partial(multipart.abort, self._bucket, key)
        return await self._bucket.run(multipart.begin, self._bucket, key, undo=drop)

    async def send(self, place: str, multipart_id: str, number: int, data: bytes | bytearray) -> str:
        """Send a part."""
        return await self._run(multipart.send_part, place, multipart_id, number, data)

    async def send_copy(
        self, place: str, multipart_id: str, number: int, source: str, first: int, size_bytes: int
    ) -> str:
        """Let the store copy a range."""
        return await self._run(
            self._copy_part, place, multipart_id, number, self._source(source), (first, size_bytes)
        )

    def _copy_part(
        self,
        bucket: Bucket,
        key: str,
        multipart_id: str,
        number: int,
        source: "CopySourceTypeDef",
        span: tuple[int, int],
    ) -> str:
        answer = bucket.client.upload_part_copy(
            Bucket=bucket.name,
            Key=key,
            UploadId=multipart_id,
            PartNumber=number,
            CopySource=source,
            CopySourceRange=f"bytes={span[0]}-{sum(span) - 1}",
        )
        return answer["CopyPartResult"]["ETag"]

    async def complete(self, place: str, multipart_id: str, parts: Sequence[Extent]) -> None:
        """Let the store put the parts together."""
        named = [(part.number, part.name) for part in parts]
        await self._run(multipart.complete, place, multipart_id, named)

    async def sent(self, place: str, multipart_id: str) -> Sequence[Extent]:
        """List them."""
        found = await self._run(multipart.list_parts, place, multipart_id)
        return [Extent(ExtentKind.PART, part.number, part.etag, part.size_bytes) for part in found]

    async def abort(self, place: str, multipart_id: str) -> None:
        """Drop the parts."""
        await self._run(multipart.abort, place, multipart_id)

    async def unfinished(self, prefix: str) -> Sequence[Found]:
        """List the multipart uploads."""
        return await self._run(self._unfinished, prefix)

    def _unfinished(self, bucket: Bucket, prefix: str) -> Sequence[Found]:
        return [
            Found(self._place(left.key), _age(left.begun_at), left.upload_id)
            for left in multipart.list_unfinished(bucket, prefix)
        ]


def _age(at: datetime) -> float:
    return max(0.0, (datetime.now(UTC) - at).total_seconds())
