"""HEIC pictures, through pillow_heif: libvips' own packages leave the decoder out.

Import it before libvips: each brings a libheif of its own, and the other way round HEIC crashes.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pillow_heif
import pyvips

from transcode.colour import PROFILE, conversion, to_srgb
from transcode.decoded import Decoded, check_pixels
from transcode.errors import SourceDamaged
from transcode.exif import noted_in_exif
from transcode.shrinking import shrink
from transcode.undrawn import NoPicture, Undrawable, is_unknown

#: Brands in its `ftyp` box (ISO/IEC 23008-12, 10.2 and 10.3).
BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
#: More boxes than this at the top of a file are not looked at.
MOST_BOXES = 1000


def read(path: Path, edge: int, max_pixels: int) -> Decoded:
    """Return the primary picture, which its decoder turns itself.

    Raises `SourceDamaged`, `SourceRefused`, and `Undrawable` for an image sequence without a primary picture.
    """
    if is_bare_sequence(path):
        raise Undrawable(NoPicture.SEQUENCE, "it is a sequence of pictures of which none stands for it")
    try:
        opened = pillow_heif.open_heif(path, convert_hdr_to_8bit=True)
        check_pixels(opened.size[0], opened.size[1], max_pixels)
        pixels = opened.to_pillow()
    except (ValueError, EOFError, OSError, RuntimeError, SyntaxError) as error:
        if is_unknown(str(error)):
            raise Undrawable(NoPicture.VARIANT, str(error)) from error
        raise SourceDamaged(f"the picture cannot be read: {error}") from error
    (width, height), bands = pixels.size, len(pixels.getbands())
    image = pyvips.Image.new_from_memory(pixels.tobytes(), width, height, bands, "uchar")
    image = image.copy(interpretation="srgb" if bands >= 3 else "b-w")
    if profile := opened.info.get("icc_profile"):
        image.set_type(pyvips.GValue.blob_type, PROFILE, profile)
    shrunk = shrink(image, edge, **conversion(image))
    noted = noted_in_exif(opened.info.get("exif") or b"")
    return Decoded(width, height, to_srgb(shrunk).copy_memory(), noted)


def is_bare_sequence(path: Path) -> bool:
    """Tell whether it has a film's `moov` box and no `meta` box of pictures (ISO/IEC 23008-12, 7)."""
    with path.open("rb") as file:
        kinds = set(_boxes(file))
    return b"moov" in kinds and b"meta" not in kinds


def _boxes(file: IO[bytes]) -> Iterator[bytes]:
    """Give the types of the boxes at the top of the file (ISO/IEC 14496-12, 4.2)."""
    at, end = 0, file.seek(0, os.SEEK_END)
    for _ in range(MOST_BOXES):
        if at + 8 > end:
            return
        file.seek(at)
        head = file.read(16)
        size, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
        yield kind
        if size < 8:
            return
        at += size
