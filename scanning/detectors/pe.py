"""Windows programs and libraries.

Source: Microsoft, "PE Format": the DOS header's `e_lfanew`, COFF file header, section table.
"""

import struct

from scanning.content import Content
from scanning.detector import Detector
from scanning.findings import Checked, damage

_COFF_HEADER = struct.Struct("<4sHHIIIHH")
_SECTION = struct.Struct("<8sIIIIIIHHI")
_IS_LIBRARY, _SYMBOL_BYTES = 0x2000, 18
#: Where the optional header of 32-bit and of 64-bit programs has its table of directories.
_DIRECTORIES, _CERTIFICATE_INDEX = {b"\x0b\x01": 96, b"\x0b\x02": 112}, 4


def _header(content: Content) -> tuple[int, tuple[int, ...]] | None:
    """Return where the COFF header lies, and its fields; `None` if there is none."""
    if len(content.head) < 64:
        return None
    (offset,) = struct.unpack_from("<I", content.head, 60)
    data = content.at(offset, _COFF_HEADER.size)
    if len(data) < _COFF_HEADER.size or not data.startswith(b"PE\0\0"):
        return None
    return offset, _COFF_HEADER.unpack(data)[1:]


def _type_of(content: Content) -> str | None:
    header = _header(content)
    if header is None:
        return None
    return "pe-dll" if header[1][6] & _IS_LIBRARY else "pe-exe"


def _check(content: Content, _name: str) -> Checked:
    header = _header(content)
    if header is None:
        raise damage("its header cannot be read")
    offset, (_, count, _, symbols, symbol_count, optional_bytes, _) = header
    start = offset + _COFF_HEADER.size
    table = content.exactly(start + optional_bytes, count * _SECTION.size)
    end = max(
        _certificate_end(content.exactly(start, optional_bytes)), _symbols_end(content, symbols, symbol_count)
    )
    for section in _SECTION.iter_unpack(table):
        size_bytes, place = section[3], section[4]
        if size_bytes and place + size_bytes > content.size_bytes:
            raise damage("a section of the program is missing")
        end = max(end, place + size_bytes if size_bytes else 0)
    flags = frozenset({"cut_short"} if end > content.size_bytes else ())
    return Checked(flags, {"sections": count}, min(max(end, start), content.size_bytes))


def _symbols_end(content: Content, place: int, count: int) -> int:
    """Return where the symbols and their names end, which old tools leave behind the sections; 0: none."""
    if not place:
        return 0
    names = place + count * _SYMBOL_BYTES
    return names + int.from_bytes(content.at(names, 4), "little")


def _certificate_end(optional: bytes) -> int:
    """Return where the maker's signature ends, which stands behind all sections; 0: there is none."""
    place = _DIRECTORIES.get(optional[:2], len(optional)) + _CERTIFICATE_INDEX * 8
    if place + 8 > len(optional):
        return 0
    start, size_bytes = struct.unpack_from("<II", optional, place)
    return int(start) + int(size_bytes)


DETECTOR = Detector(
    tells=frozenset({"pe-exe", "pe-dll"}),
    looks_like=lambda head: head.startswith(b"MZ"),
    type_of=_type_of,
    check=_check,
)
