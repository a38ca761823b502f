"""What a writer has in memory: the bytes of the part that it fills, and of the one that is on its way."""

from storage.uploads.s3.memory import Budget


class Buffer:
    """An upload's bytes from an offset on, counted in the process's budget."""

    def __init__(self, budget: Budget, data: bytearray, end: int) -> None:
        self._budget = budget
        self._filling = data
        self._outgoing = bytearray()
        #: Where the filling bytes begin.
        self.at = end - len(data)
        budget.borrow(len(data))

    @property
    def end(self) -> int:
        """Offset behind the last byte."""
        return self.at + len(self._filling)

    @property
    def size_bytes(self) -> int:
        """How many bytes are filling."""
        return len(self._filling)

    def append(self, chunk: memoryview) -> None:
        """Add bytes."""
        self._filling += chunk
        self._budget.borrow(len(chunk))

    def send(self) -> bytearray:
        """Return the filling bytes, which are on their way from now on, and begin anew behind them."""
        self._outgoing, self.at, self._filling = self._filling, self.end, bytearray()
        return self._outgoing

    def landed(self) -> None:
        """Let go of what was on its way."""
        self._budget.give_back(len(self._outgoing))
        self._outgoing = bytearray()

    def drop(self, at: int) -> bytearray:
        """Let go of what is filling, and begin anew at an offset; return what it was."""
        data, self._filling, self.at = self._filling, bytearray(), at
        self._budget.give_back(len(data))
        return data

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
