"""Parts that do not count, for a store that completes a multipart upload only when all its parts are named.

Ceph's gateway is one, and no store can drop a single part. There may be one under each number that was
reserved and never recorded: of a writer that was killed or taken over, of bytes whose checksum was wrong.
So each such number gets a part of a size that is known (`pad`), all are completed, and what counts is cut
out of that object, within the store, into the one that replaces it (`cut_out`).

The layout follows from the account alone, and both objects are told by their sizes: any number of processes
may do this at once, or go on where one died.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from storage.errors import StorageError, StorageUnavailable
from storage.uploads.s3.account import Extent, ExtentKind
from storage.uploads.s3.desk import Desk


@dataclass(frozen=True, slots=True)
class Layout:
    """All parts that the store may have of an upload to which nothing is added any more."""

    place: str
    multipart_id: str
    #: Those that count, by their numbers.
    parts: tuple[Extent, ...]
    #: The numbers of the others.
    gaps: tuple[int, ...]
    filler_bytes: int

    @property
    def size_bytes(self) -> int:
        """How many bytes count."""
        return sum(part.size_bytes for part in self.parts)

    @property
    def padded_bytes(self) -> int:
        """How many bytes the object of all parts has."""
        return self.size_bytes + len(self.gaps) * self.filler_bytes

    def all_parts(self, fillers: Sequence[Extent]) -> tuple[Extent, ...]:
        """Return the parts that count and those that fill the gaps, by their numbers."""
        return tuple(sorted((*self.parts, *fillers), key=lambda part: part.number))

    def spans(self) -> tuple[tuple[int, int], ...]:
        """Return where in the object of all parts each that counts begins, and its size in bytes."""
        fillers = [Extent(ExtentKind.PART, number, "", self.filler_bytes) for number in self.gaps]
        parts, gaps = self.all_parts(fillers), frozenset(self.gaps)
        begins = accumulate((part.size_bytes for part in parts), initial=0)
        placed = zip(begins, parts, strict=False)
        return tuple((first, part.size_bytes) for first, part in placed if part.number not in gaps)


def layout_of(
    place: str, multipart_id: str, parts: Sequence[Extent], next_number: int, filler_bytes: int
) -> Layout:
    """Return the layout of these parts, among the numbers before `next_number`."""
    counted = {part.number for part in parts}
    gaps = tuple(number for number in range(1, next_number) if number not in counted)
    return Layout(place, multipart_id, tuple(parts), gaps, filler_bytes)


async def pad(desk: Desk, layout: Layout) -> tuple[Extent, ...]:
    """Send what fills the gaps, in the place of whatever is there, and return all parts."""
    body, fillers = bytes(layout.filler_bytes), []
    for number in layout.gaps:
        async with desk.sends:
            etag = await desk.objects.send(layout.place, layout.multipart_id, number, body)
        fillers.append(Extent(ExtentKind.PART, number, etag, layout.filler_bytes))
    return layout.all_parts(fillers)


async def cut_out(desk: Desk, layout: Layout) -> None:
    """Put the object of what counts in the place of the one of all parts.

    Raises `StorageUnavailable` or `Damaged` when another one has done so meanwhile, and `NotFound`.
    """
    objects, place = desk.objects, layout.place
    begun = await objects.begin(place)
    try:
        copies = [
            Extent(ExtentKind.PART, number, await _copy(desk, layout, begun, number, span), span[1])
            for number, span in enumerate(layout.spans(), start=1)
        ]
        # Asked last: then all was copied out of that one.
        if await objects.size(place) != layout.padded_bytes:
            raise StorageUnavailable("another one has put the object in its place")
        await objects.complete(place, begun, copies)
    except StorageError:
        await objects.abort(place, begun)
        raise


async def _copy(desk: Desk, layout: Layout, begun: str, number: int, span: tuple[int, int]) -> str:
    async with desk.sends:
        return await desk.objects.send_copy(layout.place, begun, number, layout.place, *span)
