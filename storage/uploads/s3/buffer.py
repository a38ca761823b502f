"""What a writer has in memory: the bytes of the part that it fills, and of the one that is on its way."""

from storage.uploads.s3.memory import Budget


class Buffer:
    """An upload's bytes up to `end`; more than half a part only by the process's budget."""

    def __init__(self, budget: Budget, data: bytearray, end: int) -> None:
        self._budget = budget
        self._filling = data
        self._outgoing = bytearray()
        #: How many rights to a whole part are used, for what is filling and for what is on its way.
        self._rights = [0, 0]
        #: Where the filling bytes begin.
        self.at = end - len(data)

    @property
    def end(self) -> int:
        """Offset behind the last byte."""
        return self.at + len(self._filling)

    @property
    def is_privileged(self) -> bool:
        """Whether what is filling has a right that others may wait for."""
        return self._rights[0] > 0

    async def may_hold(self, more_bytes: int, part_bytes: int) -> bool:
        """Tell, perhaps after a short wait, whether so many more bytes of a part may be held."""
        if (len(self._filling) + more_bytes) * 2 > part_bytes and not self._rights[0]:
            self._rights[0] += await self._budget.take_whole()
            return self._rights[0] > 0
        return True

    def append(self, chunk: memoryview) -> None:
        """Add bytes."""
        self._filling += chunk

    def send(self) -> bytearray:
        """Return the filling bytes, which are on their way from now on, and begin anew behind them."""
        self._outgoing, self.at, self._filling = self._filling, self.end, bytearray()
        self._rights = [0, self._rights[0]]
        return self._outgoing

    def landed(self) -> None:
        """Let go of what was on its way."""
        self._outgoing = bytearray()
        self._give_back(1)

    def drop(self, at: int) -> bytearray:
        """Let go of what is filling, and begin anew at an offset; return what it was."""
        data, self._filling, self.at = self._filling, bytearray(), at
        self._give_back(0)
        return data

    def _give_back(self, which: int) -> None:
        if self._rights[which]:
            self._budget.give_back()
            self._rights[which] = 0

    def last(self, size_bytes: int) -> bytes:
        """Return the last bytes that are filling."""
        return bytes(memoryview(self._filling)[-size_bytes:])

    def peek(self, first: int, size_bytes: int) -> bytes:
        """Return bytes by their offset if all of them are here, otherwise nothing."""
        behind = self._cut(self._filling, self.at, first, size_bytes)
        if len(behind) == size_bytes:
            return behind
        found = self._cut(self._outgoing, self.at - len(self._outgoing), first, size_bytes) + behind
        return found if len(found) == size_bytes else b""

    @staticmethod
    def _cut(data: bytearray, at: int, first: int, size_bytes: int) -> bytes:
        begin, end = max(first - at, 0), max(first - at + size_bytes, 0)
        return bytes(memoryview(data)[begin:end])
