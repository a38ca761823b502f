"""Matroska and WebM: told by the DocType of the EBML header, walked element by element to the end.

Source: RFC 8794 (EBML), RFC 9559 (Matroska).
"""

from scanning.content import Content
from scanning.detector import Detector
from scanning.findings import Checked, damage

_EBML, _DOC_TYPE, _SEGMENT = 0x1A45DFA3, 0x4282, 0x18538067
_TRACKS, _CLUSTER = 0x1654AE6B, 0x1F43B675
_TYPES = {b"matroska": "matroska", b"webm": "webm"}


def _number(content: Content, offset: int, *, keep_marker: bool) -> tuple[int | None, int]:
    """Return a number of variable size (`None`: unknown, written as all ones) and where it ends."""
    first = content.exactly(offset, 1)[0]
    width = 9 - first.bit_length()
    if width > 8:
        raise damage("its structure is broken")
    value = int.from_bytes(content.exactly(offset, width), "big")
    if keep_marker:
        return value, offset + width
    mask = (1 << (7 * width)) - 1
    value &= mask
    return (None if value == mask else value), offset + width


def _element(content: Content, offset: int) -> tuple[int | None, int, int | None]:
    """Return an element's id, where its data start, and where they end (`None`: unknown)."""
    name, offset = _number(content, offset, keep_marker=True)
    size, start = _number(content, offset, keep_marker=False)
    return name, start, None if size is None else start + size


def _type_of(content: Content) -> str | None:
    _, offset, end = _element(content, 0)
    while end is not None and offset < end:
        name, start, stop = _element(content, offset)
        if stop is None:
            return None
        if name == _DOC_TYPE:
            return _TYPES.get(content.at(start, min(stop - start, 16)).rstrip(b"\0"))
        offset = stop
    return None


def _check(content: Content, _name: str) -> Checked:
    _, _, offset = _element(content, 0)
    kind, start, end = _element(content, offset or 0)
    if kind != _SEGMENT:
        raise damage("it holds no film")
    if end is not None and end > content.size_bytes:
        raise damage("its end is missing")
    kinds = _children(content, start, content.size_bytes if end is None else end)
    if not {_TRACKS, _CLUSTER} <= kinds:
        raise damage("it holds no film")
    return Checked(end=end)


def _children(content: Content, offset: int, end: int) -> set[int | None]:
    """Return the ids of a segment's elements, as far as their sizes are told."""
    kinds = set[int | None]()
    while offset < end:
        kind, _, stop = _element(content, offset)
        kinds.add(kind)
        if stop is None:
            break
        if stop > end:
            raise damage("its end is missing")
        offset = stop
    return kinds


DETECTOR = Detector(
    tells=frozenset(_TYPES.values()),
    looks_like=lambda head: head.startswith(_EBML.to_bytes(4, "big")),
    type_of=_type_of,
    check=_check,
)
