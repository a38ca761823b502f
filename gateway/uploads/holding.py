"""Who is sending to which upload: holding it, and taking it over from a sender that has gone silent.

A holder that has received nothing for `STALLED_SECONDS` is stalled. In this process it is told to stop and
leaves the upload in order, so that one segment stays one segment. In another process, or when it does not
stop, its epoch is taken: what it writes afterwards counts for nothing (see `storage.uploads`).

A holder whose connection is lost leaves by itself, once its last bytes are durable: its successor waits.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field

from aiohttp import StreamReader

from gateway.problems import Problem, Stopping, TakenOver
from storage.errors import UploadBusy, WriterFenced
from storage.records.uploads import UploadRecords
from storage.upload import Upload
from storage.uploads import UploadStore, UploadWriter

#: Seconds without a byte after which a holder may be replaced.
STALLED_SECONDS = 0.5

#: Seconds a holder in this process gets to leave in order.
_LEAVING_SECONDS = 0.15

#: Seconds a sender gets whose connection is lost, or all of them when the server stops: their bytes are being
#: made durable.
_DRAIN_SECONDS = 3.0

#: Seconds a successor waits, where the upload stands, for one that was sending when it came and may leave:
#: that one is not ended.
_PATIENCE_SECONDS = 0.4
_LOOK_SECONDS = 0.05


class Refused(Problem):
    """The upload stands elsewhere, or another sender's bytes are arriving; of this body nothing was read."""

    def __init__(self, offset: int, provided: int, *, sending: bool = False) -> None:
        detail = {"expected": str(offset), "provided": str(provided)}
        code = "upload_busy" if offset == provided else "offset_mismatch"
        super().__init__(code, detail, headers={"Upload-Offset": str(offset)})
        self.offset = offset
        self.provided = provided
        #: Whether another sender's bytes are arriving.
        self.sending = sending


@dataclass(eq=False, slots=True)
class _Holder:
    body: StreamReader
    #: It reads no more: its bytes are being made durable.
    is_leaving: bool = False
    left: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_lost(self) -> bool:
        """Whether nothing more will come from its sender."""
        return self.is_leaving or self.body.exception() is not None

    async def end(self) -> bool:
        """Tell it to leave, and whether it has."""
        if not self.left.is_set():
            self.body.set_exception(TakenOver())
        return await self.gone(_LEAVING_SECONDS)

    async def gone(self, seconds: float) -> bool:
        """Wait so long for it to leave, and tell whether it has."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.left.wait()
        return self.left.is_set()


class Holders:
    """The senders of this process, by upload."""

    def __init__(self, store: UploadStore, records: UploadRecords) -> None:
        self._store = store
        self._records = records
        self._holders: dict[str, _Holder] = {}
        #: Whether the server is stopping: then nobody holds anything any more.
        self.stopping = False

    @property
    def receiving(self) -> int:
        """How many of them there are."""
        return len(self._holders)

    async def drain(self) -> int:
        """End every sender at once, because the server stops; return how many there were.

        Each one's bytes are durable when it has left, or a few seconds have passed.
        """
        self.stopping = True
        holders = tuple(self._holders.values())
        for holder in holders:
            holder.body.set_exception(Stopping())
        await asyncio.gather(*(holder.gone(_DRAIN_SECONDS) for holder in holders))
        return len(holders)

    @asynccontextmanager
    async def hold(
        self, upload: Upload, body: StreamReader, provided: int
    ) -> AsyncIterator[tuple[Upload, UploadWriter]]:
        """Hold the upload and give its writer, together with the record at the writer's epoch.

        Raises `Refused` (409) when the upload does not stand at `provided` or another one is receiving,
        `WriterFenced` when another taker was faster, `Stopping`.
        """
        async with AsyncExitStack() as stack:
            held, writer = await self._succeed(stack, await self._frozen(upload), body, provided)
            if writer.offset != provided:
                raise Refused(writer.offset, provided)
            yield held, writer

    async def _succeed(
        self, stack: AsyncExitStack, held: Upload, body: StreamReader, provided: int
    ) -> tuple[Upload, UploadWriter]:
        """Open the upload in `stack`, when need be after its holder; raises as `hold`."""
        with suppress(UploadBusy):
            return held, await stack.enter_async_context(self._open(held, body))
        if await self._has_left(held.id):
            with suppress(UploadBusy):
                return held, await stack.enter_async_context(self._open(held, body))
        if error := body.exception():
            raise error
        try:
            held = await self._take_over(held, provided)
        except Refused as refused:
            if refused.offset != provided:
                raise
            return held, await self._wait_for(stack, held, body, provided)
        return held, await stack.enter_async_context(self._open(held, body))

    async def _wait_for(
        self, stack: AsyncExitStack, held: Upload, body: StreamReader, provided: int
    ) -> UploadWriter:
        """Open the upload in `stack` if its active holder leaves soon; raises as `hold`."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < until:
            await asyncio.sleep(_LOOK_SECONDS)
            with suppress(UploadBusy):
                return await stack.enter_async_context(self._open(held, body))
        await self._require_epoch(held)
        raise Refused(await self._store.offset(held.ref), provided, sending=True)

    @asynccontextmanager
    async def _open(self, upload: Upload, body: StreamReader) -> AsyncIterator[UploadWriter]:
        holder = _Holder(body)
        try:
            async with self._store.open_writer(upload.ref) as writer:
                if self.stopping:
                    raise Stopping
                self._holders[upload.id] = holder
                try:
                    yield writer
                finally:
                    holder.is_leaving = True
        finally:
            holder.left.set()
            if self._holders.get(upload.id) is holder:
                del self._holders[upload.id]

    async def _take_over(self, upload: Upload, provided: int) -> Upload:
        """End a stalled holder and return the record a new writer may use.

        Raises `Refused` (409 with the durable offset) for an active one, and when the taker could not go
        on from where the upload stands: then nobody is ended for it. `WriterFenced` when another taker was
        faster, `Stopping`.
        """
        if self.stopping:
            raise Stopping
        stalled = self._holders.get(upload.id)
        await self._require_epoch(upload)
        offset = await self._store.offset(upload.ref)
        sending = await self._store.idle_seconds(upload.ref) < STALLED_SECONDS
        if sending or offset != provided:
            raise Refused(offset, provided, sending=sending)
        if stalled and await stalled.end():
            return upload
        return await self._fence(upload)

    async def _require_epoch(self, upload: Upload) -> None:
        """Raise `WriterFenced` unless the record is that of the upload's present epoch."""
        latest = await self._records.load(upload.id, None)
        if latest.epoch != upload.epoch:
            raise WriterFenced(upload.id)

    async def _has_left(self, upload_id: str) -> bool:
        """Wait for this process's holder if its connection is lost, and tell whether it has left."""
        holder = self._holders.get(upload_id)
        return holder is not None and holder.is_lost and await holder.gone(_DRAIN_SECONDS)

    async def stop(self, upload_id: str) -> None:
        """Tell this process's holder to leave, if there is one."""
        if holder := self._holders.get(upload_id):
            await holder.end()

    async def settle(self, upload: Upload) -> None:
        """Have a holder here, if stalled or lost, make its bytes durable, so that the offset counts them."""
        holder = self._holders.get(upload.id)
        if holder is None:
            return
        if holder.is_lost:
            await holder.gone(_LEAVING_SECONDS)
        elif await self._store.idle_seconds(upload.ref) >= STALLED_SECONDS:
            await holder.end()

    async def _fence(self, upload: Upload) -> Upload:
        return await self._frozen(await self._records.take_over(upload.id, upload.epoch))

    async def _frozen(self, upload: Upload) -> Upload:
        """Freeze the segments of earlier epochs if the taker died before it did."""
        if len(upload.frozen) == upload.epoch - 1:
            return upload
        return await self._records.freeze(upload.id, upload.epoch, await self._store.measure(upload.ref))
