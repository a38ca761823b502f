"""Files that Windows wraps into an object of a document ("packages"): where they lie in it. Pure.

Sources: Microsoft, [MS-OLEDS], sections 2.2.4 and 2.2.5 (objects of OLE 1.0), 2.3.6 (`Ole10Native`); the
inner layout of a package is in no public document of Microsoft's, it is as the oletools project found it.
"""

import struct
from dataclasses import dataclass

#: More than the names and paths in front of a wrapped file ever are.
HEADER_BYTES = 16_384
_PACKAGE_KIND = 2
_EMBEDDED = 2


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A file within other bytes."""

    name: str
    offset: int
    length: int


def native(head: bytes, size_bytes: int) -> Wrapped:
    """Return what a stream `Ole10Native` of `size_bytes` wraps: a file, else all behind its length."""
    return _package(head, 4, size_bytes) or Wrapped("", 4, max(0, size_bytes - 4))


def first_generation(head: bytes, size_bytes: int) -> Wrapped:
    """Return what an object of OLE 1.0 wraps, as RTF embeds them; all of it when its head makes no sense."""
    try:
        _, kind = struct.unpack_from("<II", head, 0)
        at = 8
        names = []
        for _ in range(3):
            (length,) = struct.unpack_from("<I", head, at)
            names.append(head[at + 4 : at + 4 + length])
            at += 4 + length
        (length,) = struct.unpack_from("<I", head, at)
    except struct.error:
        return Wrapped("", 0, size_bytes)
    if kind != _EMBEDDED or at + 4 > size_bytes:
        return Wrapped("", 0, size_bytes)
    start = at + 4
    package = _package(head, start, size_bytes) if names[0].rstrip(b"\0").lower() == b"package" else None
    # The length is the writer's word: what stands behind it is taken too.
    return package or Wrapped("", start, size_bytes - start)


def _package(head: bytes, at: int, size_bytes: int) -> Wrapped | None:
    """Return the file in a package that begins at `at`: kind, label, two paths, length, file."""
    try:
        (kind,) = struct.unpack_from("<H", head, at)
        label_end = head.index(b"\0", at + 2)
        path_end = head.index(b"\0", label_end + 1)
        (path_bytes,) = struct.unpack_from("<I", head, path_end + 5)
        place = path_end + 9 + path_bytes
        (length,) = struct.unpack_from("<I", head, place)
    except (struct.error, ValueError):
        return None
    if kind != _PACKAGE_KIND or place + 4 + length > size_bytes:
        return None
    return Wrapped(head[at + 2 : label_end].decode("latin-1"), place + 4, length)
