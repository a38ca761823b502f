"""A genuine Windows program, small: it returns at once (Microsoft, "PE Format")."""

import struct
from pathlib import Path

_ALIGNMENT = 0x200
_TEXT_ADDRESS = 0x1000
_RETURN = b"\xc3"


def program_bytes() -> bytes:
    """Return a 32-bit console program with one section of code."""
    dos = b"MZ" + bytes(58) + struct.pack("<I", 64)
    coff = struct.pack("<HHIIIHH", 0x014C, 1, 0, 0, 0, 224, 0x0102)
    optional = struct.pack("<HBBIIIIII", 0x010B, 1, 0, _ALIGNMENT, 0, 0, _TEXT_ADDRESS, _TEXT_ADDRESS, 0x2000)
    optional += struct.pack(
        "<IIIHHHHHHIIIIHH", 0x400000, 0x1000, _ALIGNMENT, 4, 0, 0, 0, 4, 0, 0, 0x2000, _ALIGNMENT, 0, 3, 0
    )
    optional += struct.pack("<IIIIII", 0x100000, 0x1000, 0x100000, 0x1000, 0, 16) + bytes(128)
    section = struct.pack(
        "<8sIIIIIIHHI", b".text", len(_RETURN), _TEXT_ADDRESS, _ALIGNMENT, _ALIGNMENT, 0, 0, 0, 0, 0x60000020
    )
    head = dos + b"PE\0\0" + coff + optional + section
    return head.ljust(_ALIGNMENT, b"\0") + _RETURN.ljust(_ALIGNMENT, b"\0")


def make_program(path: Path) -> Path:
    """Write the program under whatever name the path has."""
    path.write_bytes(program_bytes())
    return path
