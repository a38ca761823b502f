"""The memory that the writers of a process share: what they fill, and what they leave for the next."""

from collections import OrderedDict

#: What writers may hold besides half a part each…
_SHARED_BYTES = 24 << 20
#: …and what of it may lie here for whoever goes on.
_LEFT_BYTES = 16 << 20


class Budget:
    """How many bytes the writers of a process hold. When they are many, who has half a part lets it go."""

    def __init__(self, shared_bytes: int = _SHARED_BYTES) -> None:
        self._shared_bytes = shared_bytes
        self._held_bytes = 0
        self._half_bytes = 0

    def enter(self, part_bytes: int) -> None:
        """Give a writer its own half of a part."""
        self._half_bytes += part_bytes // 2

    def leave(self, part_bytes: int) -> None:
        """Take it back."""
        self._half_bytes -= part_bytes // 2

    def borrow(self, size_bytes: int) -> None:
        """Count bytes that a writer holds."""
        self._held_bytes += size_bytes

    def give_back(self, size_bytes: int) -> None:
        """Count them no more."""
        self._held_bytes -= size_bytes

    def is_short_for(self, own_bytes: int, part_bytes: int) -> bool:
        """Tell whether a writer that holds so many should let them go."""
        return own_bytes * 2 >= part_bytes and self._held_bytes > self._shared_bytes + self._half_bytes


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
