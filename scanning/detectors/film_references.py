"""Where a film says that its pictures and sound lie: in the file itself, or in somebody else's.

Sources: ISO/IEC 14496-12, section 8.7.2 (data reference box); Apple, "QuickTime File Format".
"""

from scanning.content import Content
from scanning.detectors.boxes import Box, boxes, inside
from scanning.findings import suspicious

#: Version and flags, number of entries.
_TABLE_HEADER_BYTES = 8
_IN_THIS_FILE = 1


def check_references(content: Content, moov: Box) -> None:
    """Raise `Flawed` for a film of which a part lies in another file or at an address."""
    if any(inside(content, moov, b"rmra")):
        raise suspicious("it only points to a film that lies elsewhere")
    for table in inside(content, moov, b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        for entry in boxes(content, table.start + _TABLE_HEADER_BYTES, table.end):
            flags = int.from_bytes(content.exactly(entry.start + 1, 3), "big")
            if not flags & _IN_THIS_FILE:
                raise suspicious("its pictures or its sound lie in another file")
