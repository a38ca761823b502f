"""Word, Excel and PowerPoint files of 97 to 2003: OLE compound files, told by their streams.

A newer office file with a password is one as well: its parts lie encrypted in one stream.
Sources: Microsoft, [MS-CFB], [MS-OFFCRYPTO] 2.3.
"""

import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager

import olefile

from scanning.content import Content
from scanning.detector import Detector
from scanning.detectors import ole_objects, zipped
from scanning.detectors.ole_contents import CHECKS
from scanning.detectors.ole_streams import streams_of
from scanning.findings import Checked, Problem, damage, encrypted
from scanning.members import Members

_MAIN_STREAMS = {"WordDocument": "doc", "Workbook": "xls", "Book": "xls", "PowerPoint Document": "ppt"}
_MACRO_STORAGES = frozenset({"macros", "_vba_project_cur", "vba"})
#: Streams, and storages of the outermost level, in which other files are embedded.
_ATTACHED = frozenset({"\x01ole10native", "package"})
_EMBEDDING = re.compile(r"ObjectPool$|MBD[0-9A-F]{8}$", re.IGNORECASE)
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
        flags, checks = set[str](), CHECKS.get(name, {})
        for stream in streams_of(content, ole):
            if len(stream.path) == 1 and stream.name in checks:
                flags |= checks[stream.name](stream)
            if any(part.casefold() in _MACRO_STORAGES for part in stream.path):
                flags.add("macros")
            if stream.name in _ATTACHED or _EMBEDDING.match(stream.path[0]):
                flags.add("attachments")
        return Checked(flags=frozenset(flags), problems=cut)


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


def _extract(content: Content, members: Members) -> None:
    with _open(content) as ole:
        ole_objects.extract(content, ole, members)


DETECTOR = Detector(
    tells=frozenset({*_MAIN_STREAMS.values(), "ole"}),
    looks_like=lambda head: head.startswith(olefile.MAGIC),
    type_of=_type_of,
    check=_check,
    extract=_extract,
    container="ole",
    may_hide=frozenset(_MAIN_STREAMS.values()) | zipped.DETECTOR.may_hide,
)
