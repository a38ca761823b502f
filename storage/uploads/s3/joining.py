"""How several uploads become one blob: the store copies what it can into the parts of the whole by itself.

A writer holds the whole and appends the parts' bytes in their order. Whole parts that lie in one object are
copied within the store; what is shorter, or lies across two, passes through here. A join that was
interrupted goes on where the whole's bytes end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from storage.blobs.disk import PIECE_BYTES
from storage.errors import Damaged
from storage.uploads import WholePart
from storage.uploads.s3.account import sealed
from storage.uploads.s3.desk import Desk
from storage.uploads.s3.finishing import make_readable
from storage.uploads.s3.writer import S3Writer


@dataclass(frozen=True, slots=True)
class Source:
    """Some bytes of an object."""

    place: str
    first: int
    size_bytes: int


async def sources_of(desk: Desk, parts: Sequence[WholePart]) -> tuple[Source, ...]:
    """Return where the parts' bytes can be read, once nobody writes to them. Raises as `UploadStore.join`."""
    found: list[Source] = []
    for part in parts:
        account = await make_readable(desk, await desk.ledger.change(part.upload.id, sealed))
        pieces = tuple(Source(piece.name, 0, piece.size_bytes) for piece in account.tail)
        if account.counted < part.size_bytes:
            raise Damaged(f"{account.counted} bytes are left of {part.size_bytes}")
        found += cut(pieces, 0, part.size_bytes)
    return tuple(found)


def cut(sources: Sequence[Source], first: int, end: int) -> Iterator[Source]:
    """Yield what is the bytes from `first` to before `end` of all of them behind each other."""
    at = 0
    for source in sources:
        begin, stop = max(first - at, 0), min(end - at, source.size_bytes)
        if begin < stop:
            yield Source(source.place, source.first + begin, stop - begin)
        at += source.size_bytes


async def append_sources(desk: Desk, writer: S3Writer, sources: Sequence[Source]) -> None:
    """Append all bytes that the writer's upload has not yet; stops when it is taken over."""
    end = sum(source.size_bytes for source in sources)
    while (at := writer.offset) < end and not writer.is_void:
        source = next(cut(sources, at, end))
        if not await writer.append_copy(source.place, source.first, source.size_bytes):
            size_bytes = min(source.size_bytes, PIECE_BYTES, writer.room)
            await writer.write([await desk.objects.get(source.place, source.first, size_bytes)])
