"""Windows programs and libraries.

Source: Microsoft, "PE Format": the DOS header's `e_lfanew`, COFF file header, section table.
"""

import struct

from scanning.content import Content
from scanning.detector import Detector
from scanning.findings import Checked, damage

_COFF_HEADER = struct.Struct("<4sHHIIIHH")
_SECTION = struct.Struct("<8sIIIIIIHHI")
_IS_LIBRARY = 0x2000


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
    offset, (_, count, _, _, _, optional_bytes, _) = header
    table = content.exactly(offset + _COFF_HEADER.size + optional_bytes, count * _SECTION.size)
    for section in _SECTION.iter_unpack(table):
        size_bytes, start = section[3], section[4]
        if size_bytes and start + size_bytes > content.size_bytes:
            raise damage("a section of the program is missing")
    return Checked(facts={"sections": count})


DETECTOR = Detector(
    tells=frozenset({"pe-exe", "pe-dll"}),
    looks_like=lambda head: head.startswith(b"MZ"),
    type_of=_type_of,
    check=_check,
)
