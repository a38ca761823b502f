"""Byte ranges of downloads (RFC 9110, sections 13.1.5 and 14)."""

import re
from dataclasses import dataclass

_SINGLE = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", re.ASCII | re.IGNORECASE)
_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes `first` to `last`, both inclusive."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """Number of bytes."""
        return self.last - self.first + 1


class Unsatisfiable(ValueError):
    """The range lies outside the representation."""


def parse_range(header: str | None, size: int) -> Span | None:
    """Return the one range a request asks for, or `None` when the whole is to be served.

    Units other than bytes, several ranges and malformed ones are ignored, as section 14.2 allows.
    Raises `Unsatisfiable` when no byte of the range exists.
    """
    match = _SINGLE.fullmatch(header.strip()) if header else None
    if not match or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:
        return _suffix(int(last), size)
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise Unsatisfiable
    return Span(int(first), min(int(last), size - 1) if last else size - 1)


def _suffix(length: int, size: int) -> Span:
    if length == 0 or size == 0:
        raise Unsatisfiable
    return Span(max(0, size - length), size - 1)


def is_unchanged(if_none_match: str | None, etag: str) -> bool:
    """Tell whether one of the client's tags is ours, compared weakly, or it asks for any (section 13.1.2)."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or etag in _TAG.findall(if_none_match)


def range_applies(if_range: str | None, etag: str) -> bool:
    """Tell whether `If-Range` lets a range through: only an equal strong entity tag does (section 13.1.5)."""
    return if_range is None or if_range.strip() == etag
