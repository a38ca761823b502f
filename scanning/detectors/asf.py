"""Windows Media films and recordings: told by their streams, walked object by object to the end.

Source: Microsoft, "Advanced Systems Format (ASF) Specification", revision 01.20.03, sections 2, 3 and 10.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from scanning.content import Content
from scanning.detector import Detector
from scanning.findings import Checked, damage, encrypted


def _guid(text: str) -> bytes:
    return UUID(text).bytes_le


_HEADER = _guid("75B22630-668E-11CF-A6D9-00AA0062CE6C")
_DATA = _guid("75B22636-668E-11CF-A6D9-00AA0062CE6C")
_FILE = _guid("8CABDCA1-A947-11CF-8EE4-00C00C205365")
_STREAM = _guid("B7DC0791-A9B7-11CF-8EE6-00C00C205365")
_FILM = _guid("BC19EFC0-5B4D-11CF-A8FD-00805F5C442B")
_SOUND = _guid("F8699E40-5B4D-11CF-A8FD-00805F5C442B")
#: Commands at points of the film: "open this page" among them.
_COMMANDS = _guid("1EFB1A30-0B62-11D0-A39B-00A0C90348F6")
_LOCKS = frozenset(
    {_guid("2211B3FB-BD23-11D2-B4B7-00A0C955FC6E"), _guid("298AE614-2622-4C17-B935-DAE07EE9289C")}
)
#: Objects of the outermost level; the last four are indexes.
_OUTER = frozenset(
    {
        _HEADER,
        _DATA,
        _guid("33000890-E5B1-11CF-89F4-00A0C90349CB"),
        _guid("D6E229D3-35DA-11D1-9034-00A0C90349BE"),
        _guid("FEB103F8-12AD-4C64-840F-2A1D2F7AD48C"),
        _guid("3CB73FD0-0C4A-4803-953D-EDF7B6228F0C"),
    }
)
_OBJECT = struct.Struct("<16sQ")
#: The header has a count of objects and two reserved bytes before the first of them.
_HEADER_BYTES = 30
#: What stands before the packets; a broadcast has no more to say of their length.
_DATA_HEADER_BYTES = 50
_IS_BROADCAST = 1


@dataclass(frozen=True, slots=True)
class _Object:
    kind: bytes
    #: Where its data start and end.
    start: int
    end: int


def _objects(content: Content, offset: int, end: int) -> Iterator[_Object]:
    while offset + _OBJECT.size <= end:
        kind, size = _OBJECT.unpack(content.exactly(offset, _OBJECT.size))
        if size < _OBJECT.size:
            raise damage("its structure is broken")
        yield _Object(kind, offset + _OBJECT.size, offset + size)
        offset += size


def _described(content: Content) -> tuple[_Object, ...]:
    """Return the objects of the header; raises `Flawed` if they are not all there."""
    end = int.from_bytes(content.exactly(16, 8), "little")
    if end > content.size_bytes:
        raise damage("its end is missing")
    return tuple(_objects(content, _HEADER_BYTES, end))


def _type_of(content: Content) -> str | None:
    kinds = {content.exactly(each.start, 16) for each in _described(content) if each.kind == _STREAM}
    if not kinds & {_FILM, _SOUND}:
        raise damage("it holds neither pictures nor sound")
    return "asf-video" if _FILM in kinds else "asf-audio"


def _check(content: Content, _name: str) -> Checked:
    described = _described(content)
    if any(each.kind in _LOCKS for each in described):
        raise encrypted()
    declared, is_broadcast = _declared(content, described)
    end, has_data = _end(content, is_broadcast=is_broadcast)
    if not has_data or (declared > content.size_bytes and not is_broadcast):
        raise damage("its end is missing")
    commands = any(each.kind == _COMMANDS for each in described)
    return Checked(flags=frozenset({"launch"} if commands else ()), end=end)


def _declared(content: Content, described: tuple[_Object, ...]) -> tuple[int, bool]:
    """Return the size of the file, and whether it was written as it was sent, when that is not known."""
    for each in described:
        if each.kind == _FILE:
            data = content.exactly(each.start, 72)
            return int.from_bytes(data[16:24], "little"), bool(data[64] & _IS_BROADCAST)
    raise damage("its header cannot be read")


def _end(content: Content, *, is_broadcast: bool) -> tuple[int, bool]:
    """Return where the last object ends, and whether the film itself is among them."""
    offset, has_data = 0, False
    while offset + _OBJECT.size <= content.size_bytes:
        kind, size = _OBJECT.unpack(content.exactly(offset, _OBJECT.size))
        # Other programs put objects of their own behind the film.
        fits = size >= _OBJECT.size and offset + size <= content.size_bytes
        if kind not in _OUTER and not (has_data and fits):
            break
        is_open = kind == _DATA and is_broadcast and size <= _DATA_HEADER_BYTES
        stop = content.size_bytes if is_open else offset + max(size, _OBJECT.size)
        if stop > content.size_bytes:
            raise damage("its end is missing")
        has_data = has_data or kind == _DATA
        offset = stop
    return offset, has_data


DETECTOR = Detector(
    tells=frozenset({"asf-video", "asf-audio"}),
    looks_like=lambda head: head.startswith(_HEADER),
    type_of=_type_of,
    check=_check,
    container="asf-video",
    may_hide=frozenset({"asf-audio"}),
)
