"""Word, Excel and PowerPoint files of 97 to 2003: OLE compound files, told by their streams.

A newer office file with a password is one as well: its parts lie encrypted in one stream.
Sources: Microsoft, [MS-CFB], [MS-DOC] 2.5.1 (FIB), [MS-XLS] 2.4.117 (FilePass), [MS-PPT] 2.3.2
(CurrentUserAtom), [MS-OFFCRYPTO] 2.3.
"""

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import olefile

from scanning.content import Content
from scanning.detector import Detector
from scanning.detectors import zipped
from scanning.findings import Checked, Problem, damage, encrypted

_MAIN_STREAMS = {"WordDocument": "doc", "Workbook": "xls", "Book": "xls", "PowerPoint Document": "ppt"}
_MACRO_STORAGES = frozenset({"macros", "_vba_project_cur", "vba"})
_WORD_MAGICS = frozenset({0xA5EC, 0xA5DC})
_WORD_ENCRYPTED = 0x0100
_EXCEL_FILE_PASS = 0x002F
_EXCEL_BEGINS = frozenset({0x0009, 0x0209, 0x0409, 0x0809})
_POWERPOINT_ENCRYPTED = 0xF3D1C4DF
_BEGIN_BYTES = 4096
_FREE, _LAST_SECTOR = 0xFFFFFFFF, 0xFFFFFFFA
#: Sectors are 512 or 4,096 bytes long; the header has the power of two.
_SHIFT_OFFSET, _SHIFTS = 30, frozenset({b"\x09\0", b"\x0c\0"})
#: Where the header lists the sectors of the table of sectors, and the first sector of the rest of that list.
_TABLE_OFFSET, _TABLE_BYTES, _CHAIN_OFFSET = 76, 109 * 4, 68


@contextmanager
def _open(content: Content) -> Iterator[olefile.OleFileIO]:
    # olefile believes the header, and would read sectors of any size into memory.
    if content.head[_SHIFT_OFFSET : _SHIFT_OFFSET + 2] not in _SHIFTS:
        raise damage("its structure is broken")
    content.file.seek(0)
    try:
        with olefile.OleFileIO(content.file) as ole:
            yield ole
    except (OSError, ValueError, IndexError, struct.error) as error:
        # olefile's own error is an OSError, and it lets others through on hostile files.
        raise damage("its structure is broken") from error


def _type_of(content: Content) -> str | None:
    with _open(content) as ole:
        if ole.exists("EncryptedPackage"):
            raise encrypted()
        return next((name for stream, name in _MAIN_STREAMS.items() if ole.exists(stream)), "ole")


def _check(content: Content, name: str) -> Checked:
    with _open(content) as ole:
        cut = _check_sectors(content, ole)
        for stream, check in _CHECKS.get(name, {}).items():
            if ole.exists(stream):
                check(_begin(ole, stream))
        macros = any(part.casefold() in _MACRO_STORAGES for entry in ole.listdir() for part in entry)
        return Checked(flags=frozenset({"macros"} if macros else ()), problems=cut)


def _check_sectors(content: Content, ole: olefile.OleFileIO) -> tuple[Problem, ...]:
    """Raise `Flawed` if a sector that is in use lies behind the end of the file.

    olefile shortens its own table of sectors to the file's size, so the file's is read.
    """
    used, size = -1, int(ole.sectorsize)
    for number, sector in enumerate(_table_sectors(content, ole)):
        # The first sector follows the header, which fills one.
        entries = struct.unpack(f"<{size // 4}I", content.exactly((sector + 1) * size, size))
        first = number * len(entries)
        used = max((first + at for at, following in enumerate(entries) if following != _FREE), default=used)
    if (used + 1) * size >= content.size_bytes:
        raise damage("its end is missing")
    whole = (used + 2) * size <= content.size_bytes
    return () if whole else (Problem("held_damaged", "its last bytes are missing"),)


def _table_sectors(content: Content, ole: olefile.OleFileIO) -> Iterator[int]:
    """Yield the sectors that the table of sectors fills: 109 from the header, the rest by a chain."""
    yield from _in_use(content.exactly(_TABLE_OFFSET, _TABLE_BYTES))
    size, next_ = int(ole.sectorsize), int.from_bytes(content.exactly(_CHAIN_OFFSET, 4), "little")
    for _ in range(content.size_bytes // size):
        if next_ > _LAST_SECTOR:
            return
        chained = content.exactly((next_ + 1) * size, size)
        yield from _in_use(chained[:-4])
        next_ = int.from_bytes(chained[-4:], "little")


def _in_use(numbers: bytes) -> Iterator[int]:
    return (number for (number,) in struct.iter_unpack("<I", numbers) if number <= _LAST_SECTOR)


def _begin(ole: olefile.OleFileIO, name: str) -> bytes:
    with ole.openstream(name) as stream:
        return bytes(stream.read(_BEGIN_BYTES))


def _check_word(begin: bytes) -> None:
    if len(begin) < 12 or int.from_bytes(begin[:2], "little") not in _WORD_MAGICS:
        raise damage("its text is missing")
    if int.from_bytes(begin[10:12], "little") & _WORD_ENCRYPTED:
        raise encrypted()


def _check_excel(begin: bytes) -> None:
    kinds = [kind for kind, _ in _records(begin)]
    if not kinds or kinds[0] not in _EXCEL_BEGINS:
        raise damage("its sheets are missing")
    if _EXCEL_FILE_PASS in kinds:
        raise encrypted()


def _records(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield kind and offset of the records that begin in `data`."""
    offset = 0
    while offset + 4 <= len(data):
        kind, length = struct.unpack_from("<HH", data, offset)
        yield kind, offset
        offset += 4 + length


def _check_powerpoint(begin: bytes) -> None:
    if len(begin) < 16:
        raise damage("its slides cannot be found")
    if int.from_bytes(begin[12:16], "little") == _POWERPOINT_ENCRYPTED:
        raise encrypted()


#: By type, the streams whose beginning says whether there is a password.
_CHECKS: dict[str, dict[str, Callable[[bytes], None]]] = {
    "doc": {"WordDocument": _check_word},
    "xls": {"Workbook": _check_excel, "Book": _check_excel},
    "ppt": {"Current User": _check_powerpoint},
}

DETECTOR = Detector(
    tells=frozenset({*_MAIN_STREAMS.values(), "ole"}),
    looks_like=lambda head: head.startswith(olefile.MAGIC),
    type_of=_type_of,
    check=_check,
    container="ole",
    may_hide=frozenset(_MAIN_STREAMS.values()) | zipped.DETECTOR.may_hide,
)
