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
from scanning.findings import Checked, damage, encrypted

_MAIN_STREAMS = {"WordDocument": "doc", "Workbook": "xls", "Book": "xls", "PowerPoint Document": "ppt"}
_MACRO_STORAGES = frozenset({"macros", "_vba_project_cur", "vba"})
_WORD_MAGICS = frozenset({0xA5EC, 0xA5DC})
_WORD_ENCRYPTED = 0x0100
_EXCEL_FILE_PASS = 0x002F
_EXCEL_BEGINS = frozenset({0x0009, 0x0209, 0x0409, 0x0809})
_POWERPOINT_ENCRYPTED = 0xF3D1C4DF
_BEGIN_BYTES = 4096


@contextmanager
def _open(content: Content) -> Iterator[olefile.OleFileIO]:
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
        _check_sectors(ole, content.size_bytes)
        for stream, check in _CHECKS.get(name, {}).items():
            if ole.exists(stream):
                check(_begin(ole, stream))
        macros = any(part.casefold() in _MACRO_STORAGES for entry in ole.listdir() for part in entry)
        return Checked(flags=frozenset({"macros"} if macros else ()))


def _check_sectors(ole: olefile.OleFileIO, size_bytes: int) -> None:
    """Raise `Flawed` if a sector that is in use lies behind the end of the file."""
    used = next((at for at in range(len(ole.fat) - 1, -1, -1) if ole.fat[at] != olefile.FREESECT), -1)
    # The first sector follows the header, which fills a sector; the last may be cut short.
    if (used + 1) * ole.sectorsize >= size_bytes:
        raise damage("its end is missing")


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
