"""A story of a hostile network told to a store: cuts, take-overs, restarts, writers that come back."""

from contextlib import AsyncExitStack, suppress
from random import Random

from hypothesis import strategies as st

from storage.errors import NotFound
from storage.uploads import UploadRef, UploadStore, UploadWriter
from tests.storage.blob_contract import read_all
from tests.storage.upload_sample import KEY, UPLOAD

STEPS = st.lists(
    st.sampled_from(
        [
            *("write", "write", "hold_back", "keep", "sync", "leave"),
            *("take_over", "zombie_writes", "zombie_keeps", "zombie_leaves", "restart"),
        ]
    ),
    max_size=25,
)


async def take_over(uploads: UploadStore, upload: UploadRef) -> UploadRef:
    """Do what a gateway does with the record."""
    raised = UploadRef(upload.id, upload.epoch + 1, upload.frozen)
    return UploadRef(upload.id, raised.epoch, await uploads.measure(raised))


class Story:
    """One upload, what was sent of it, and the writers that were taken over."""

    def __init__(self, open_stores, random: Random) -> None:
        self.open_stores = open_stores
        self.uploads, self.blobs = open_stores()
        self.random = random
        self.upload = UPLOAD
        self.sent = b""
        #: What was written since it is held back; `None` while nothing is.
        self.held_back: bytes | None = None
        self.acknowledged = 0
        self.held = AsyncExitStack()
        self.writer: UploadWriter | None = None
        self.zombies: list[tuple[AsyncExitStack, UploadWriter]] = []

    async def tell(self, steps: list[str]) -> None:
        await self.uploads.create(self.upload)
        for step in steps:
            await getattr(self, step)()
            assert await self.uploads.offset(self.upload) == len(self.sent) >= self.acknowledged
        await self.held.aclose()
        assert await self.uploads.finish(self.upload, KEY) == len(self.sent)
        while self.zombies:
            await self.zombie_writes()
            with suppress(NotFound):
                await self.zombie_keeps()
            await self.zombie_leaves()
        assert await read_all(self.blobs, KEY) == self.sent

    async def write(self) -> None:
        self.writer = self.writer or await self.held.enter_async_context(
            self.uploads.open_writer(self.upload)
        )
        assert self.writer.offset == len(self.sent + (self.held_back or b""))
        chunks = [
            self.random.randbytes(self.random.choice([0, 1, 100, 5000]))
            for _ in range(self.random.randrange(5))
        ]
        await self.writer.write(chunks)
        if self.held_back is None:
            self.sent += b"".join(chunks)
        else:
            self.held_back += b"".join(chunks)

    async def hold_back(self) -> None:
        if self.writer:
            await self.writer.hold_back()
            self.held_back = self.held_back or b""
            assert self.writer.counted == len(self.sent)

    async def keep(self) -> None:
        if self.writer:
            self.sent += self.held_back or b""
            self.held_back = None
            self.acknowledged = await self.writer.keep()
            assert self.acknowledged == len(self.sent)

    async def sync(self) -> None:
        if self.writer:
            self.acknowledged = await self.writer.sync()
            assert self.acknowledged == len(self.sent)

    async def leave(self) -> None:
        await self.held.aclose()
        self.writer = self.held_back = None

    async def take_over(self) -> None:
        if self.writer:
            self.zombies.append((self.held, self.writer))
            self.held, self.writer, self.held_back = AsyncExitStack(), None, None
        self.upload = await take_over(self.uploads, self.upload)

    async def zombie_writes(self) -> None:
        if self.zombies:
            await self.random.choice(self.zombies)[1].write([b"ZOMBIE"])

    async def zombie_keeps(self) -> None:
        if self.zombies:
            await self.random.choice(self.zombies)[1].keep()

    async def zombie_leaves(self) -> None:
        if self.zombies:
            await self.zombies.pop(self.random.randrange(len(self.zombies)))[0].aclose()

    async def restart(self) -> None:
        self.uploads, self.blobs = self.open_stores()
