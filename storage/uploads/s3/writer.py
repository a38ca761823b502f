"""The writer of one upload: fills parts in memory, and sends one while it fills the next."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial

import structlog

from storage.errors import NotFound, StorageError, WriterFenced
from storage.uploads.s3.account import (
    Account,
    Extent,
    kept,
    released,
    with_part,
)
from storage.uploads.s3.buffer import Buffer
from storage.uploads.s3.desk import Desk, new_place
from storage.uploads.s3.hold import Hold, unchanged
from storage.uploads.s3.ledger import Decide

#: What came is durable this long after the last byte, without being asked for…
_IDLE_SECONDS = 0.25
#: …and a slow sender's bytes after so long.
_UNSAVED_SECONDS = 5.0
#: How long somebody who asks for the offset waits for bytes under way: a silent sender's are there already.
_SETTLE_SECONDS = 2.0

_log = structlog.get_logger()


class S3Writer:
    """An `UploadWriter`, held by its token. One that was taken over writes into nothing.

    The buffer holds the bytes of the part that is being filled, without the pieces of it that were let go,
    or left by others. After a failure the offset is what is durable, and every further call raises it again.
    """

    def __init__(self, desk: Desk, token: str, account: Account) -> None:
        self._written_at = time.monotonic()
        self._writing = False
        self._desk = desk
        self._hold = Hold(desk, token, account)
        self._turn = asyncio.Lock()
        tail = desk.tails.take(tuple(piece.name for piece in account.tail))
        self._buffer = Buffer(desk.budget, bytearray() if tail is None else tail, account.reached)
        self._part_at = account.part_at
        self._sending: asyncio.Task[None] | None = None
        self._holding = False
        #: Whether it was taken over, or the upload is gone.
        self.is_void = False
        self._failure: StorageError | None = None
        self._saved_at = self._written_at

    @property
    def written_at(self) -> float:
        """When it was opened or last got bytes; one that waits for the store with bytes is getting them."""
        return time.monotonic() if self._writing else self._written_at

    @property
    def upload_id(self) -> str:
        """Id of the upload."""
        return self._hold.account.upload_id

    @property
    def offset(self) -> int:
        """Bytes written so far."""
        return self._buffer.end

    @property
    def counted(self) -> int:
        """Bytes that are not held back."""
        return self._hold.account.counted if self._holding else self.offset

    @property
    def room(self) -> int:
        """Bytes that the part that is being filled still takes."""
        return self._part_at + self._desk.sizes.at(self._part_at) - self.offset

    def peek(self, first: int, size_bytes: int) -> bytes:
        """Return some of the upload's bytes if they are all here in memory, otherwise nothing."""
        return self._buffer.peek(first, size_bytes)

    async def write(self, chunks: Sequence[bytes]) -> None:
        """Append the chunks; whole parts are sent."""
        async with self._turn:
            self._writing = any(chunks)
            try:
                with self._failing():
                    for chunk in chunks:
                        await self._append(memoryview(chunk))
            finally:
                self._writing = False

    async def append_copy(self, place: str, first: int, size_bytes: int) -> int:
        """Append the next part, if an object has all of it from `first` on, without its bytes passing here.

        Returns how many bytes that were: 0 when a part has begun, or the object has less.
        """
        async with self._turn:
            with self._failing():
                await self._landed()
                part_bytes = self._desk.sizes.at(self._part_at)
                if self.offset != self._part_at or size_bytes < part_bytes or self.is_void:
                    return 0
                async with self._hold.explaining():
                    to = await self._hold.reserve()
                    etag = await self._desk.objects.send_copy(
                        to.place, to.multipart_id, to.number, place, first, part_bytes
                    )
                await self._hold.change(
                    partial(with_part, number=to.number, etag=etag, size_bytes=part_bytes)
                )
                self._part_at = self.offset + part_bytes
                self._buffer.drop(self._part_at)
                self._written_at = time.monotonic()
                return part_bytes

    async def sync(self) -> int:
        """Put what is not a whole part yet into a piece."""
        async with self._turn:
            with self._failing():
                if not self._holding:
                    await self._save()
            return self.counted

    async def hold_back(self) -> None:
        """Make all durable; what comes later is not counted in the ledger."""
        async with self._turn:
            with self._failing():
                if not self._holding:
                    await self._save()
                    self._holding = True

    async def keep(self) -> int:
        """Make all durable and let it count, in one transaction."""
        async with self._turn:
            with self._failing():
                await self._save(kept if self._holding else unchanged)
                self._holding = False
            return self.offset

    async def settle(self) -> None:
        """Make durable what came, if that does not take long: somebody asks for the offset."""
        with suppress(TimeoutError, StorageError):
            async with asyncio.timeout(_SETTLE_SECONDS):
                await self._tend()

    async def tend(self) -> None:
        """Make durable what a silent or a slow sender has sent, until cancelled."""
        while True:
            await asyncio.sleep(_IDLE_SECONDS / 2)
            try:
                now = time.monotonic()
                idle = now - self.written_at > _IDLE_SECONDS
                if idle or now - self._saved_at > _UNSAVED_SECONDS:
                    await self._tend()
            except StorageError as error:
                _log.warning("upload_not_tended", upload_id=self.upload_id, error=repr(error))

    async def _tend(self) -> None:
        async with self._turn:
            if self._failure is None and not self._holding and self.offset > self._hold.account.reached:
                with self._voiding():
                    await self._save()
                    if self._buffer.is_privileged:
                        self._buffer.drop(self.offset)

    async def close(self) -> None:
        """Make durable what counts, and let go of the upload, also when the store fails."""
        async with self._turn:
            let_go = partial(released, token=self._hold.token)
            try:
                with self._voiding():
                    if not self._holding and not self._failure:
                        await self._save(let_go)
            finally:
                with suppress(StorageError):
                    await self._landed()
                if self._hold.account.holder == self._hold.token and not self.is_void:
                    with suppress(StorageError):
                        await self._hold.change(let_go)
                self._leave()

    def _leave(self) -> None:
        """Leave the tail to whoever goes on, if all of it is here."""
        tail = tuple(piece.name for piece in self._hold.account.tail)
        whole = self._buffer.at == self._part_at and self.offset == self._hold.account.counted
        data = self._buffer.drop(self.offset)
        if tail and whole and not self.is_void:
            self._desk.tails.leave(tail, data)

    @contextmanager
    def _voiding(self) -> Iterator[None]:
        """Go on into nothing once the upload was taken over or is gone."""
        try:
            yield
        except (WriterFenced, NotFound):
            self.is_void = True
            self._buffer.drop(self.offset)

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Raise a failure now and ever after: bytes that were here may be lost."""
        if self._failure:
            raise self._failure
        try:
            with self._voiding():
                yield
        except StorageError as error:
            self._fail(error)
            raise

    def _fail(self, error: StorageError) -> None:
        self._failure = error
        self._buffer.drop(self._hold.account.reached)

    async def _append(self, chunk: memoryview) -> None:
        while chunk:
            if self.is_void:
                self._buffer.drop(self.offset + len(chunk))
                return
            room = max(0, self.room)
            taken, chunk = chunk[:room], chunk[room:]
            await self._make_room(len(taken))
            self._buffer.append(taken)
            self._written_at = time.monotonic()
            if len(taken) == room:
                await self._send()

    async def _send(self) -> None:
        """Send the part that is full, once the one before is there."""
        await self._landed()
        before = self._before(self._buffer.at - self._part_at)
        body, self._part_at = self._buffer.send(), self.offset
        self._sending = asyncio.create_task(self._send_part(before, body, held=self._holding))

    def _before(self, missing: int) -> tuple[Extent, ...]:
        """Return the pieces that hold the first bytes of the part, which are not in the buffer."""
        found: list[Extent] = []
        for piece in self._hold.account.behind_parts:
            if sum(one.size_bytes for one in found) < missing:
                found.append(piece)
        return tuple(found)

    async def _send_part(self, before: Sequence[Extent], body: bytearray, *, held: bool) -> None:
        try:
            async with self._desk.sends, self._hold.explaining():
                if before:
                    rest, body = body, await self._desk.gather(before)
                    body += rest
                    del rest
                to = await self._hold.reserve()
                etag = await self._desk.objects.send(to.place, to.multipart_id, to.number, body)
            await self._hold.change(
                partial(with_part, number=to.number, etag=etag, size_bytes=len(body), held=held)
            )
        finally:
            del body
            self._buffer.landed()

    async def _landed(self) -> None:
        """Wait for the part that is under way. Raises what went wrong with it."""
        if self._sending is None:
            return
        await asyncio.wait({self._sending})
        sent, self._sending = self._sending, None
        self._buffer.landed()
        self._saved_at = time.monotonic()
        try:
            sent.result()
        except (WriterFenced, NotFound):
            raise
        except StorageError as error:
            self._fail(error)
            raise

    async def _save(self, then: Decide = unchanged) -> None:
        """Put what is not durable yet into a piece, and change the account further with it."""
        await self._landed()
        unsaved = self.offset - self._hold.account.reached
        self._saved_at = time.monotonic()
        if self.is_void or (not unsaved and then is unchanged):
            return
        if not unsaved:
            await self._hold.change(then)
            return
        place, held = new_place(self.upload_id), self._holding
        async with self._desk.sends:
            await self._desk.objects.put(place, self._buffer.last(unsaved))
        await self._hold.add_piece(place, unsaved, held=held, then=then)

    async def _make_room(self, more_bytes: int) -> None:
        """Let go of memory if it is short: what was in it is read back when the part is sent."""
        part_bytes = self._desk.sizes.at(self._part_at)
        if not await self._buffer.may_hold(more_bytes, part_bytes):
            await self._save()
            self._buffer.drop(self.offset)
