"""Animated GIFs kept moving: as WebP, which every browser plays in fewer bytes and with soft edges."""

import struct
from pathlib import Path
from typing import Any

import pyvips

from transcode.saving import STEP

MEDIA_TYPE = "image/webp"
#: All frames of a source together, and of what is made of it, in pixels.
MOST_SOURCE_PIXELS = 250_000_000
MOST_PIXELS = 40_000_000
#: libwebp's scale: 0 is quickest, 6 smallest.
EFFORT = 2
SMALLEST_EDGE = 64
TELLING_CHUNKS = frozenset({b"EXIF", b"XMP ", b"ICCP"})
TELLING_FLAGS = 0x20 | 0x08 | 0x04


def save_moving(
    path: Path, folder: Path, name: str, *, edge: int, max_bytes: int, quality: int
) -> dict[str, Any] | None:
    """Save all frames, with their times, smaller until they fit; `None` when they are too many to move.

    Raises `pyvips.Error` for frames that cannot be read.
    """
    header = pyvips.Image.new_from_file(str(path), access="sequential")
    frames = int(header.get("n-pages"))
    if header.width * header.height * frames > MOST_SOURCE_PIXELS:
        return None
    edge = _fitting_edge(header.width, header.height, frames, edge)
    while edge >= min(SMALLEST_EDGE, header.width, header.height):
        image = pyvips.Image.thumbnail(
            f"{path}[n=-1]", edge, height=edge, size="down", fail_on="error"
        ).colourspace("srgb")
        file = folder / f"{name}.webp"
        image.webpsave(str(file), Q=quality, effort=EFFORT, strip=True)
        file.write_bytes(without_metadata(file.read_bytes()))
        if file.stat().st_size <= max_bytes:
            return {"file": file.name, "width": image.width, "height": image.height // frames}
        edge = int(edge * STEP)
    file.unlink()
    return None


def without_metadata(webp: bytes) -> bytes:
    """Return a WebP without EXIF, XMP and ICCP chunks (RFC 9649, 2.7): libvips 8.14 leaves an EXIF in."""
    kept, at = bytearray(), 12
    while at < len(webp):
        kind, size = struct.unpack_from("<4sI", webp, at)
        chunk = webp[at : at + 8 + size + size % 2]
        if kind == b"VP8X":
            chunk = chunk[:8] + bytes((chunk[8] & ~TELLING_FLAGS,)) + chunk[9:]
        if kind not in TELLING_CHUNKS:
            kept += chunk
        at += len(chunk)
    return b"RIFF" + struct.pack("<I", 4 + len(kept)) + b"WEBP" + kept


def _fitting_edge(width: int, height: int, frames: int, edge: int) -> int:
    """Return the longest edge, at most `edge`, at which all frames have no more than `MOST_PIXELS`."""
    share = min(1.0, (MOST_PIXELS / (width * height * frames)) ** 0.5)
    return min(edge, max(1, int(max(width, height) * share)))
