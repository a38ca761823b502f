"""Files embedded in old office files, taken out one by one.

Sources: Microsoft, [MS-DOC] 2.1.9 (ObjectPool), [MS-XLS] 2.1.7.14 (embedding storages), [MS-PPT] 2.10.34
(ExOleObjStg), [MS-OLEDS] 2.3.6 (Ole10Native).
"""

import struct
import zlib
from collections.abc import Iterator

import olefile

from scanning.content import Content
from scanning.detectors.ole_streams import Stream, streams_of
from scanning.findings import damage
from scanning.members import Members
from scanning.packages import HEADER_BYTES, native

_NATIVE = "\x01ole10native"
#: Streams that are a whole file by themselves; the last four only inside another document.
_FILES = frozenset({"package", "contents", "embeddedodf"})
_DOCUMENTS = frozenset({"worddocument", "workbook", "book", "powerpoint document"})
_SLIDES = "powerpoint document"
_RECORD = struct.Struct("<HHI")
_EMBEDDED_RECORD, _IS_PACKED = 0x1011, 0x0010
_PIECE_BYTES = 1 << 20


def extract(content: Content, ole: olefile.OleFileIO, members: Members) -> None:
    """Write out every embedded file; raises `Flawed`."""
    for stream in streams_of(content, ole):
        name = "/".join(stream.path)
        if stream.name == _NATIVE:
            wrapped = native(stream.at(0, HEADER_BYTES), stream.size_bytes)
            members.write(wrapped.name or name, stream.pieces(wrapped.offset, wrapped.length))
        elif stream.name in _FILES or (stream.name in _DOCUMENTS and len(stream.path) > 1):
            members.write(name, stream.pieces())
        elif stream.name == _SLIDES:
            _extract_slides(stream, members)


def _extract_slides(stream: Stream, members: Members) -> None:
    """Write out the objects of a presentation, each of which is a compound file of its own."""
    offset = 0
    while offset + _RECORD.size <= stream.size_bytes:
        head = stream.at(offset, _RECORD.size)
        instance, kind, length = _RECORD.unpack(head)
        start = offset + _RECORD.size
        if kind == _EMBEDDED_RECORD:
            pieces = stream.pieces(start, length)
            members.write("object", _unpacked(stream, start, length) if instance & _IS_PACKED else pieces)
        offset = start + length


def _unpacked(stream: Stream, start: int, length: int) -> Iterator[bytes]:
    """Yield an object packed by zlib, before which its length stands."""
    unpacker = zlib.decompressobj()
    try:
        for piece in stream.pieces(start + 4, max(0, length - 4)):
            yield unpacker.decompress(piece, _PIECE_BYTES)
            while unpacker.unconsumed_tail:
                yield unpacker.decompress(unpacker.unconsumed_tail, _PIECE_BYTES)
    except zlib.error as error:
        raise damage("a file inside it is broken") from error
