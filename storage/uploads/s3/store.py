"""An `UploadStore` on an object store and a ledger."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence
from functools import partial

from storage.blobs.disk import PIECE_BYTES
from storage.errors import NotFound, StorageError, Unreadable, UploadBusy
from storage.uploads import UploadRef, UploadWriter, WholePart
from storage.uploads.naming import require_upload_id
from storage.uploads.s3.account import Account, AccountState, fenced, opened, released, sealed, shut
from storage.uploads.s3.beats import Beats
from storage.uploads.s3.desk import Desk, blob_place, to_its_end
from storage.uploads.s3.finishing import make_blob, make_readable
from storage.uploads.s3.joining import Source, append_sources, cut, sources_of
from storage.uploads.s3.ledger import Decide, Ledger
from storage.uploads.s3.objects import Objects
from storage.uploads.s3.remains import Remains
from storage.uploads.s3.sizes import GROWING, PartSizes
from storage.uploads.s3.writer import S3Writer

#: How long `finish` and `join` wait for somebody who is leaving.
_BUSY_SECONDS = 2.0
_RETRY_SECONDS = 0.02


class S3UploadStore:
    """Keeps bytes in `objects`, where the blob store has its blobs, and what counts of them in `ledger`.

    What a writer in another process was given counts once that made it durable, a quarter of a second after
    the last byte at the latest. `read` raises `Unreadable` for bytes that are in parts already, as long as
    the upload is to become a blob.
    """

    def __init__(self, objects: Objects, ledger: Ledger, sizes: PartSizes = GROWING) -> None:
        self._desk = Desk(objects, ledger, sizes, Beats(ledger))
        self._remains = Remains(self._desk)
        #: This process's writers, by their tokens.
        self._writers: dict[str, S3Writer] = {}
        #: Blobs that this process makes, by their uploads.
        self._making: dict[str, asyncio.Task[int]] = {}

    async def create(self, upload: UploadRef) -> None:
        """Begin its account."""
        await self._desk.ledger.begin(require_upload_id(upload.id), upload.key)

    async def offset(self, upload: UploadRef) -> int:
        """Return what the ledger counts, once this process's writers have settled."""
        await self._settle(upload)
        return (await self._present(upload)).size_of(upload)

    async def measure(self, upload: UploadRef) -> tuple[int, ...]:
        """Fence all earlier epochs and return their sizes."""
        await self._settle(upload)
        account = await self._desk.ledger.change(upload.id, partial(fenced, epoch=upload.epoch))
        return account.sizes_before(upload)

    async def idle_seconds(self, upload: UploadRef) -> float:
        """Return how long ago the latest writer was opened or got bytes, as far as is known here."""
        account = await self._present(upload)
        writer = self._writers.get(account.holder or "")
        return time.monotonic() - writer.written_at if writer else account.idle_seconds

    async def _present(self, upload: UploadRef) -> Account:
        account = await self._desk.ledger.load(upload.id)
        account.require_present()
        return account

    async def _settle(self, upload: UploadRef) -> None:
        for writer in [one for one in self._writers.values() if one.upload_id == upload.id]:
            await writer.settle()

    async def read(
        self, upload: UploadRef, first: int = 0, last: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """Yield bytes from a writer's memory here, and from pieces; parts that become no blob are sealed."""
        await self._settle(upload)
        account = await self._present(upload)
        size_bytes = account.size_of(upload)
        end = size_bytes if last is None else min(last + 1, size_bytes)
        writer = self._writers.get(account.holder or "")
        while first < end:
            count = min(PIECE_BYTES, end - first)
            piece = writer.peek(first, count) if writer else b""
            yield piece or await self._get(upload, first, count)
            first += count

    async def _get(self, upload: UploadRef, first: int, count: int) -> bytes:
        account = await self._present(upload)
        if first < account.settled_bytes and account.key is None:
            account = await make_readable(self._desk, await self._desk.ledger.change(upload.id, sealed))
        if first < account.settled_bytes:
            raise Unreadable("bytes in parts cannot be read before the upload is finished")
        pieces = [Source(piece.name, 0, piece.size_bytes) for piece in account.tail]
        begin = first - account.settled_bytes
        found = [
            await self._desk.objects.get(source.place, source.first, source.size_bytes)
            for source in cut(pieces, begin, begin + count)
        ]
        return b"".join(found)

    @contextlib.asynccontextmanager
    async def open_writer(self, upload: UploadRef) -> AsyncIterator[UploadWriter]:
        """Hold the upload in the ledger and append to it."""
        async with self._hold(upload) as writer:
            yield writer

    @contextlib.asynccontextmanager
    async def _hold(self, upload: UploadRef) -> AsyncIterator[S3Writer]:
        token, ledger = secrets.token_hex(16), self._desk.ledger
        try:
            account = await ledger.change(upload.id, partial(opened, upload=upload, token=token))
            writer = S3Writer(self._desk, token, account)
        except asyncio.CancelledError:
            with contextlib.suppress(StorageError):
                await ledger.change(upload.id, partial(released, token=token))
            raise
        self._writers[token] = writer
        self._desk.beats.enter(token, writer)
        tending = {asyncio.create_task(work) for work in (writer.tend(), self._desk.beats.run())}
        try:
            yield writer
        finally:
            for task in tending:
                task.cancel()
            try:
                await to_its_end(_close(writer, tending))
            finally:
                self._desk.beats.leave(token)
                del self._writers[token]

    async def finish(self, upload: UploadRef, key: str) -> int:
        """Shut the account and make its bytes the blob."""
        try:
            account = await self._free(upload.id, partial(shut, upload=upload, key=key))
        except NotFound:
            return await self._desk.objects.size(blob_place(key))
        making = self._making.get(upload.id) or self._begin_making(account)
        return await asyncio.shield(making)

    def _begin_making(self, account: Account) -> asyncio.Task[int]:
        """Make a blob once, for all of this process who ask for it, to the end also when they are gone."""
        making = self._making[account.upload_id] = asyncio.create_task(make_blob(self._desk, account))

        def ended(task: asyncio.Task[int]) -> None:
            del self._making[account.upload_id]
            if not task.cancelled():
                task.exception()  # nobody may be there any more to be told

        making.add_done_callback(ended)
        return making

    async def join(self, upload: UploadRef, parts: Sequence[WholePart], key: str) -> int:
        """Append the parts' bytes to the whole, in the store where that can be, and finish it."""
        try:
            account = await self._desk.ledger.load(upload.id)
        except NotFound:
            return await self._desk.objects.size(blob_place(key))
        if account.state is not AccountState.SHUT:
            sources = await sources_of(self._desk, parts)
            async with self._hold(upload) as writer:
                await append_sources(self._desk, writer, sources)
        return await self.finish(upload, key)

    async def ages(self) -> Mapping[str, float]:
        """Look at the ledger, and now and then for what it does not know of."""
        return await self._remains.ages()

    async def delete(self, upload_id: str) -> None:
        """Remove whatever is left of it."""
        await self._remains.delete(upload_id)

    async def _free(self, upload_id: str, decide: Decide) -> Account:
        """Change the account once nobody holds it. Raises `UploadBusy` when that takes too long."""
        until = time.monotonic() + _BUSY_SECONDS
        while True:
            try:
                return await self._desk.ledger.change(upload_id, decide)
            except UploadBusy:
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(_RETRY_SECONDS)


async def _close(writer: S3Writer, tending: Collection[asyncio.Task[None]]) -> None:
    """Let go of the upload once nothing that tends it runs any more."""
    await asyncio.wait(tending)
    await writer.close()
