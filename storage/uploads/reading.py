"""Which bytes of which segment a range of an upload is. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes `first` to `last` inclusive of one segment."""

    epoch: int
    first: int
    last: int


def spans(sizes: Sequence[int], first: int, last: int | None) -> Iterator[Span]:
    """Yield the spans that are the bytes `first` to `last` inclusive (`None`: to the end), in order.

    `sizes`: how many bytes of each segment count, by epoch from 1.
    """
    end = sum(sizes) if last is None else last + 1
    start = 0
    for epoch, size_bytes in enumerate(sizes, 1):
        begin, stop = max(first - start, 0), min(end - start, size_bytes)
        if begin < stop:
            yield Span(epoch, begin, stop - 1)
        start += size_bytes
