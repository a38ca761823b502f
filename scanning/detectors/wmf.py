"""Windows metafiles, walked record by record to the one that ends them.

Source: Microsoft, [MS-WMF], sections 2.3.2.1 (END), 2.3.2.2 (header), 2.3.2.3 (placeable), 2.3.6 (escapes).
"""

import struct

from scanning.content import Content
from scanning.detector import Detector
from scanning.findings import Checked, damage, unsafe

_PLACEABLE, _PLACEABLE_BYTES = b"\xd7\xcd\xc6\x9a", 22
#: Type, size of this header and version, all of which are in every metafile; the rest is not needed.
_HEADER = struct.Struct("<HHH")
_TYPES, _HEADER_WORDS, _VERSIONS = frozenset({1, 2}), 9, frozenset({0x0100, 0x0300})
_RECORD = struct.Struct("<IHH")
_END, _ESCAPE = 0x0000, 0x0626
#: An escape by which old versions of Windows ran code that stood in the picture (CVE-2005-4560).
_SET_ABORT_PROCEDURE = 0x0009
_LEAST_WORDS = 3


def _start(head: bytes) -> int:
    return _PLACEABLE_BYTES if head.startswith(_PLACEABLE) else 0


def _looks_like(head: bytes) -> bool:
    start = _start(head)
    if len(head) < start + _HEADER_WORDS * 2:
        return head.startswith(_PLACEABLE)
    kind, words, version = _HEADER.unpack_from(head, start)
    return kind in _TYPES and words == _HEADER_WORDS and version in _VERSIONS


def _check(content: Content, _name: str) -> Checked:
    offset, records = _start(content.head) + _HEADER_WORDS * 2, 0
    while True:
        # The record that ends it has no parameters.
        words, function, parameter = _RECORD.unpack(
            content.exactly(offset, 6) + content.at(offset + 6, 2).ljust(2, b"\0")
        )
        if words < _LEAST_WORDS:
            raise damage("the picture's structure is broken")
        if function == _ESCAPE and parameter == _SET_ABORT_PROCEDURE:
            raise unsafe("it carries a program that old versions of Windows would run")
        offset += words * 2
        if offset > content.size_bytes:
            raise damage("the lower part of the picture is missing")
        if function == _END:
            break
        records += 1
    if not records:
        raise damage("it holds no picture")
    return Checked(facts={"records": records}, end=offset)


DETECTOR = Detector(
    tells=frozenset({"wmf"}),
    looks_like=_looks_like,
    type_of=lambda _: "wmf",
    check=_check,
)
