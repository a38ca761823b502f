"""Members of containers, written out as numbered files so that each can be scanned by itself."""

import errno
from collections.abc import Iterable
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from scanning.findings import suspicious, unsafe

_NAME_CHARACTERS = 120
#: What may be taken out of a file: this many times its size, and this much of any.
_TIMES_ITS_SIZE, _HARMLESS_BYTES = 8, 1 << 30
_LARGEST_TOTAL_BYTES = 16 << 30


@dataclass(frozen=True, slots=True)
class Member:
    """One file that was inside another."""

    #: Its name inside, as the container has it, or the end of a long one; never used as a path.
    name: str
    #: Its name in the members' folder.
    file: str
    size_bytes: int
    #: In how many files it lies, one in the other.
    depth: int = 1


@dataclass(frozen=True, slots=True)
class MemberLimits:
    """The most that is taken out of one file, at every depth together."""

    count: int = 5_000
    total_bytes: int = _LARGEST_TOTAL_BYTES


def limits_for(size_bytes: int) -> MemberLimits:
    """Return the limits for a file of that size: what is in it can be written and scanned in bounded time."""
    total = max(_HARMLESS_BYTES, _TIMES_ITS_SIZE * size_bytes)
    return MemberLimits(total_bytes=min(total, _LARGEST_TOTAL_BYTES))


class Members:
    """Writes members into `folder`, which it makes if need be, within limits."""

    def __init__(self, folder: Path, limits: MemberLimits | None = None) -> None:
        self._folder = folder
        self._limits = limits or MemberLimits()
        self._left_bytes = self._limits.total_bytes
        self.written: list[Member] = []
        #: The member that what is written now lies in; `None`: the file itself.
        self.holder: Member | None = None

    def path(self, member: Member) -> Path:
        """Return where a member was written."""
        return self._folder / member.file

    def write(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write one member; raises `Flawed` over a limit and `OSError` when the disk is full."""
        if len(self.written) >= self._limits.count:
            raise unsafe(f"more than {self._limits.count} files inside")
        self._folder.mkdir(parents=True, exist_ok=True)
        file = f"{len(self.written) + 1:06}"
        size_bytes = 0
        with (self._folder / file).open("xb", buffering=0) as target:
            for piece in pieces:
                size_bytes += len(piece)
                if size_bytes > self._left_bytes:
                    raise unsafe("it unpacks to more than can be checked")
                _write(target, piece)
        self._left_bytes -= size_bytes
        self.written.append(self._member(name, file, size_bytes))

    def _member(self, name: str, file: str, size_bytes: int) -> Member:
        if self.holder is None:
            return Member(name[-_NAME_CHARACTERS:], file, size_bytes)
        whole = f"{self.holder.name}/{name}"
        return Member(whole[-_NAME_CHARACTERS:], file, size_bytes, self.holder.depth + 1)


def _write(target: FileIO, piece: bytes) -> None:
    """Write all of `piece`; raises `Flawed` where the process may not write a file of that size."""
    left = memoryview(piece)
    try:
        while left:
            left = left[target.write(left) :]
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise suspicious("a file inside it is too large to be checked") from error
        raise
