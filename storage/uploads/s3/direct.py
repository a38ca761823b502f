"""`DirectUploads` in a bucket: the client sends the parts of the multipart upload that the account names.

So there is one multipart upload an upload, only we can complete it, and only what the account has counts:
nothing can be sent once it is the blob.
"""

from collections.abc import Sequence
from functools import partial

from storage.errors import NotFound, StorageError
from storage.s3 import multipart
from storage.s3.bucket import Bucket
from storage.uploads import UploadRef
from storage.uploads.direct import SentPart
from storage.uploads.s3.account import AccountState, Extent, ExtentKind, adopted, directed
from storage.uploads.s3.desk import blob_place
from storage.uploads.s3.ledger import Ledger


class S3DirectUploads:
    """Direct uploads of the store that has its bytes in `bucket` and its accounts in `ledger`."""

    def __init__(self, bucket: Bucket, ledger: Ledger) -> None:
        self._bucket = bucket
        self._ledger = ledger

    async def begin(self, upload: UploadRef) -> None:
        """Begin the multipart upload where the blob will be."""
        if (await self._ledger.load(upload.id)).state is AccountState.DIRECT:
            return
        key = self._key(upload)
        drop = partial(multipart.abort, self._bucket, key)
        begun = await self._bucket.run(multipart.begin, self._bucket, key, undo=drop)
        note = partial(directed, multipart_id=begun, place=blob_place(upload.key or ""))
        try:
            await self._ledger.change(upload.id, note)
        except StorageError:
            await self._bucket.run(drop, begun)
            raise

    async def sign(self, upload: UploadRef, number: int, seconds: int) -> str:
        """Sign a PUT of the part."""
        begun = await self._multipart_id(upload)
        return await self._bucket.run(
            multipart.sign_part, self._bucket, self._key(upload), begun, number, seconds
        )

    async def parts(self, upload: UploadRef) -> Sequence[SentPart]:
        """Ask the store."""
        begun = await self._multipart_id(upload)
        found = await self._bucket.run(multipart.list_parts, self._bucket, self._key(upload), begun)
        return [SentPart(part.number, part.etag.strip('"'), part.size_bytes) for part in found]

    async def adopt(self, upload: UploadRef, parts: Sequence[SentPart]) -> None:
        """Note the parts in the account."""
        extents = tuple(
            Extent(ExtentKind.PART, part.number, f'"{part.etag}"', part.size_bytes) for part in parts
        )
        await self._ledger.change(upload.id, partial(adopted, parts=extents))

    async def _multipart_id(self, upload: UploadRef) -> str:
        account = await self._ledger.load(upload.id)
        if account.state is not AccountState.DIRECT or account.multipart_id is None:
            raise NotFound("no such direct upload")
        return account.multipart_id

    def _key(self, upload: UploadRef) -> str:
        if upload.key is None:
            raise NotFound("a part of an upload is no blob")
        return self._bucket.locate("blobs", upload.key)
