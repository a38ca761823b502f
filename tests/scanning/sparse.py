"""Archives of gigabytes that take no room on the disk."""

import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

_PIECE_BYTES = 1 << 20


def sparse_archive(path: Path, members: Mapping[str, bytes | int]) -> None:
    """Write a ZIP archive of less than 4 GiB whose members are stored; a number stands for so many zeros."""
    listed = b""
    with path.open("wb") as file:
        for name, content in members.items():
            size = content if isinstance(content, int) else len(content)
            check = _check_of_zeros(content) if isinstance(content, int) else zlib.crc32(content)
            fields = struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 33, check, size, size, len(name), 0)
            listed += (
                b"PK\x01\x02\x14\0" + fields + bytes(10) + struct.pack("<I", file.tell()) + name.encode()
            )
            file.write(b"PK\x03\x04" + fields + name.encode())
            if isinstance(content, int):
                file.truncate(file.seek(size, 1))
            else:
                file.write(content)
        count, start = len(members), file.tell()
        file.write(
            listed + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, len(listed), start, 0)
        )


def _check_of_zeros(size: int) -> int:
    check, piece = 0, bytes(_PIECE_BYTES)
    for _ in range(size // _PIECE_BYTES):
        check = zlib.crc32(piece, check)
    return zlib.crc32(piece[: size % _PIECE_BYTES], check)
