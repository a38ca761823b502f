"""Apple iWork documents: of 2013 and later, told by their first message; of 2009, by the root of index.xml.

Apple has published neither format. Sources: S. Purcell, "iWorkFileFormat" (archives and numbers of messages);
Google, "Snappy compressed format description"; "iWork '09" as apxl.dtd of its applications describes it.
"""

import re
import zipfile

from scanning.archive import read_part
from scanning.findings import Checked, damage, encrypted

_ARCHIVE, _INDEX, _SLIDES = "Index/Document.iwa", "index.xml", "index.apxl"
MEMBERS = frozenset({_ARCHIVE, _INDEX, _SLIDES})
TYPES = frozenset({"pages", "iwork"})
#: The message that is a Pages document; those of Numbers and Keynote share another number.
_PAGES_MESSAGE, _OTHER_MESSAGE = 10_000, 1
#: The root element of index.xml, whatever the prefix of its namespace.
_ROOT = re.compile(rb"<(?:\?|!)?(?:(\w+):)?(\w+)")
_PAGES_ROOTS, _OTHER_ROOTS = frozenset({b"sl"}), frozenset({b"ls", b"key"})
_LARGEST_PART_BYTES = 64 << 20
#: Members that only documents with a password have.
_LOCKS = (".iwpv2", ".iwph")
_BEGIN_BYTES = 256


def type_of(archive: zipfile.ZipFile) -> str | None:
    """Return the type; raises `Flawed` for a document with a password, or one that cannot be read."""
    names = archive.namelist()
    if any(name.endswith(_LOCKS) for name in names):
        raise encrypted()
    if _ARCHIVE in names:
        return _by_message(read_part(archive, _ARCHIVE, _LARGEST_PART_BYTES) or b"")
    if _SLIDES in names:
        return "iwork"
    return _by_root(read_part(archive, _INDEX, _LARGEST_PART_BYTES) or b"")


def check(archive: zipfile.ZipFile, _name: str) -> Checked:
    """Return what is known; the members' checksums are checked as they are taken out."""
    return Checked(facts={"parts": len(archive.namelist())})


def _by_root(text: bytes) -> str | None:
    for match in _ROOT.finditer(text[:_BEGIN_BYTES]):
        prefix, name = match.groups()
        if prefix in _PAGES_ROOTS and name == b"document":
            return "pages"
        if prefix in _OTHER_ROOTS:
            return "iwork"
    return None


def _by_message(data: bytes) -> str | None:
    try:
        number = _first_message(_unpacked(data))
    except IndexError as error:
        raise damage("a part of it is broken") from error
    return {_PAGES_MESSAGE: "pages", _OTHER_MESSAGE: "iwork"}.get(number)


def _first_message(data: bytes) -> int:
    """Return the number of the first message's type: field 1 of the first field 2 of its description."""
    _, at = _varint(data, 0)
    while data[at] != 0x12:
        # Field 1 is the number of the object, the only one before.
        if data[at] != 0x08:
            raise IndexError
        _, at = _varint(data, at + 1)
    _, at = _varint(data, at + 1)
    if data[at] != 0x08:
        raise IndexError
    return _varint(data, at + 1)[0]


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a number, and where it ends; raises `IndexError` if the data end before."""
    value = 0
    for shift in range(0, 70, 7):
        value |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            return value, at
    raise IndexError


def _unpacked(data: bytes) -> bytes:
    """Return the beginning of what the first Snappy block holds: four bytes of header stand before it."""
    if data[0]:
        raise IndexError
    _, at = _varint(data, 4)
    out = bytearray()
    while len(out) < _BEGIN_BYTES and at < len(data):
        at = _literal(data, at, out) if data[at] & 3 == 0 else _copy(data, at, out)
    return bytes(out)


def _literal(data: bytes, at: int, out: bytearray) -> int:
    length, start = data[at] >> 2, at + 1
    if length >= 60:
        width = length - 59
        length, start = int.from_bytes(data[start : start + width], "little"), start + width
    out += data[start : start + min(length + 1, _BEGIN_BYTES)]
    return start + length + 1


def _copy(data: bytes, at: int, out: bytearray) -> int:
    tag = data[at]
    if tag & 3 == 1:
        length, back, end = (tag >> 2 & 7) + 4, (tag >> 5) << 8 | data[at + 1], at + 2
    else:
        width = 2 if tag & 3 == 2 else 4
        length, end = (tag >> 2) + 1, at + 1 + width
        back = int.from_bytes(data[at + 1 : end], "little")
    if not 0 < back <= len(out):
        raise IndexError
    for _ in range(length):
        out.append(out[-back])
    return end
