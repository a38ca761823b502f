"""The memory that the writers of a process share: what they fill, and what they leave for the next."""

import asyncio
import ctypes
from collections import OrderedDict
from contextlib import suppress

#: Parts that may be larger than half, or on their way, at once.
_WHOLE_PARTS = 3
#: How long a writer waits for one of them, once nobody gives one back, before it makes do with less…
_PATIENCE_SECONDS = 1.0
#: …and in all, for what it has is not durable.
_MOST_SECONDS = 5.0
_M_MMAP_THRESHOLD = -3
_BUFFER_BYTES = 1 << 20
#: What may lie here for whoever goes on.
_LEFT_BYTES = 16 << 20


def return_freed_buffers() -> None:
    """Have the C library give freed buffers back to the system (mallopt(3), M_MMAP_THRESHOLD).

    By itself it keeps those of up to 32 MiB for later, and then has twice the memory that is used.
    """
    with suppress(AttributeError):  # not the GNU library
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _BUFFER_BYTES)


class Budget:
    """Each writer of a process may hold half a part in memory; only some at once may hold a whole one."""

    def __init__(self, whole_parts: int = _WHOLE_PARTS) -> None:
        self._whole_parts = asyncio.Semaphore(whole_parts)
        #: Of those who wait, and when by the loop's clock each has waited for long enough.
        self._waiting: dict[asyncio.Timeout, float] = {}

    async def take_whole(self) -> bool:
        """Wait for the right to hold a whole part while others give theirs back; tell if it was given."""
        now = asyncio.get_running_loop().time()
        waiting = asyncio.timeout(_PATIENCE_SECONDS)
        self._waiting[waiting] = now + _MOST_SECONDS
        try:
            async with waiting:
                return await self._whole_parts.acquire()
        except TimeoutError:
            return False
        finally:
            del self._waiting[waiting]

    def give_back(self) -> None:
        """Give the right to somebody else."""
        self._whole_parts.release()
        for waiting, latest in self._waiting.items():
            if not waiting.expired():
                soon = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
                waiting.reschedule(min(soon, latest))


class Tails:
    """The last bytes of uploads that nobody writes to at the moment, by the places of the pieces they lie in.

    Only to spare their reading back: pieces never change, and their places are never used again.
    """

    def __init__(self, most_bytes: int = _LEFT_BYTES) -> None:
        self._most_bytes = most_bytes
        self._tails: OrderedDict[tuple[str, ...], bytearray] = OrderedDict()
        self._bytes = 0

    def leave(self, places: tuple[str, ...], data: bytearray) -> None:
        """Keep the bytes of these pieces for a while."""
        self._tails[places] = data
        self._bytes += len(data)
        while self._bytes > self._most_bytes:
            self._bytes -= len(self._tails.popitem(last=False)[1])

    def take(self, places: tuple[str, ...]) -> bytearray | None:
        """Return the bytes of these pieces, if they are still here, to whoever asks first."""
        data = self._tails.pop(places, None)
        self._bytes -= len(data or b"")
        return data if places else bytearray()
