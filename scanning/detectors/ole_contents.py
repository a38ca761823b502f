"""What the main streams of old office files say: passwords, macros written as sheets, links to programs.

Sources: Microsoft, [MS-DOC] 2.5.1 (FIB), 2.8.25 (fields); [MS-XLS] 2.4.28 (BoundSheet8), 2.4.117 (FilePass),
2.4.271 (SupBook); [MS-PPT] 2.3.2 (CurrentUserAtom).
"""

import re
import struct
from collections.abc import Callable, Iterator

from scanning.detectors.ole_streams import Stream
from scanning.findings import damage, encrypted, suspicious

#: Returns flags; raises `Flawed`.
_Check = Callable[[Stream], frozenset[str]]
_NOTHING = frozenset[str]()
_WORD_MAGICS = frozenset({0xA5EC, 0xA5DC})
_WORD_ENCRYPTED = 0x0100
#: A field begins with 13h; one of this name starts another program.
_DDE_FIELD = re.compile(
    rb"\x13[\s\"]*DDE(?:AUTO)?\s|\x13\0(?:[\s\"]\0)*D\0D\0E\0(?:A\0U\0T\0O\0)?\s", re.IGNORECASE
)
_LONGEST_FIELD_BYTES = 200
_EXCEL_BEGINS = frozenset({0x0009, 0x0209, 0x0409, 0x0809})
_FILE_PASS, _BOUND_SHEET, _LINKED_BOOK, _END_OF_GLOBALS = 0x002F, 0x0085, 0x01AE, 0x000A
_MACRO_SHEET = 1
#: Between program and topic in the name of a link.
_LINK_SEPARATOR = 0x03
_POWERPOINT_ENCRYPTED = 0xF3D1C4DF


def _check_word(stream: Stream) -> frozenset[str]:
    begin = stream.at(0, 12)
    if len(begin) < 12 or int.from_bytes(begin[:2], "little") not in _WORD_MAGICS:
        raise damage("its text is missing")
    if int.from_bytes(begin[10:12], "little") & _WORD_ENCRYPTED:
        raise encrypted()
    kept = b""
    for piece in stream.pieces():
        if _DDE_FIELD.search(kept + piece):
            raise suspicious("a field in it starts another program (DDE)")
        kept = piece[-_LONGEST_FIELD_BYTES:]
    return _NOTHING


def _check_excel(stream: Stream) -> frozenset[str]:
    flags, first = set[str](), True
    for kind, data in _globals(stream):
        if first and kind not in _EXCEL_BEGINS:
            raise damage("its sheets are missing")
        first = False
        if kind == _FILE_PASS:
            raise encrypted()
        if kind == _BOUND_SHEET and data[5:6] == bytes((_MACRO_SHEET,)):
            flags.add("macros")
        if kind == _LINKED_BOOK and _LINK_SEPARATOR in data[4:]:
            raise suspicious("a cell in it starts another program (DDE)")
    if first:
        raise damage("its sheets are missing")
    return frozenset(flags)


def _globals(stream: Stream) -> Iterator[tuple[int, bytes]]:
    """Yield kind and beginning of the records that describe the workbook, up to the one that ends them."""
    offset = 0
    while True:
        head = stream.at(offset, 4 + 64)
        if len(head) < 4:
            return
        kind, length = struct.unpack_from("<HH", head)
        yield kind, head[4 : 4 + length]
        if kind == _END_OF_GLOBALS:
            return
        offset += 4 + length


def _check_powerpoint(stream: Stream) -> frozenset[str]:
    begin = stream.at(0, 16)
    if len(begin) < 16:
        raise damage("its slides cannot be found")
    if int.from_bytes(begin[12:16], "little") == _POWERPOINT_ENCRYPTED:
        raise encrypted()
    return _NOTHING


#: By type, the streams to look at.
CHECKS: dict[str, dict[str, _Check]] = {
    "doc": {"worddocument": _check_word},
    "xls": {"workbook": _check_excel, "book": _check_excel},
    "ppt": {"current user": _check_powerpoint},
}
