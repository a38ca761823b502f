"""What BMP, PCX and PSD say of themselves in their first bytes. Pure: nothing is unpacked to find out."""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from transcode.errors import SourceDamaged
from transcode.undrawn import NoPicture, Undrawable

#: As many bytes as any of the headers needs.
HEADER_BYTES = 128
BMP_DEPTHS = frozenset({1, 4, 8, 16, 24, 32})
#: Of a picture that is a JPEG or PNG inside, of Windows CE, and of half-precision colours.
BMP_OTHER_DEPTHS = frozenset({0, 2, 64})
#: Uncompressed, and uncompressed with masks: as against run lengths, JPEG or PNG inside.
BMP_PLAIN = frozenset({0, 3, 6})
#: Bits of a plane and planes of a PCX that Pillow reads.
PCX_KINDS = frozenset({(1, 1), (1, 2), (1, 4), (8, 1), (8, 3)})
#: Colour modes of Photoshop at 8 bits, and 1 bit for bitmaps, that Pillow reads.
PSD_KINDS = frozenset({(0, 1), (0, 8), (1, 8), (2, 8), (3, 8), (4, 8), (7, 8), (8, 8), (9, 8)})
#: Every depth that the format has.
PSD_DEPTHS = frozenset({1, 8, 16, 32})
PSD_LAST_MODE = 9
PCX_RUN = 63
PACKBITS_RUN = 128


@dataclass(frozen=True, slots=True)
class Header:
    """Pixels, and the fewest bytes that a file with so many can have."""

    width: int
    height: int
    least_bytes: int


def parse_header(kind: str, start: bytes) -> Header:
    """Return what the first bytes say; `kind` is Pillow's name of the format.

    Raises `SourceDamaged` for a header that cannot be, `Undrawable` for a variant that nobody reads here.
    """
    try:
        header = PARSERS[kind](start)
    except struct.error as error:
        raise SourceDamaged("it ends within its header") from error
    if header.width <= 0 or header.height <= 0:
        raise SourceDamaged(f"its header says {header.width} x {header.height} pixels")
    return header


def _bmp(start: bytes) -> Header:
    """Read a BMP's headers: BITMAPCOREHEADER, or BITMAPINFOHEADER and what grew from it (MS-WMF 2.2.2)."""
    offset, size = struct.unpack_from("<II", start, 10)
    if size == 12:
        width, height, _planes, depth = struct.unpack_from("<HHHH", start, 18)
        compression = 0
    else:
        width, height, _planes, depth, compression = struct.unpack_from("<iiHHI", start, 18)
    if depth not in BMP_DEPTHS | BMP_OTHER_DEPTHS:
        raise SourceDamaged(f"its header says {depth} bits a pixel")
    if depth in BMP_OTHER_DEPTHS:
        raise Undrawable(NoPicture.VARIANT, f"it is a BMP of {depth} bits a pixel")
    rows = (width * depth + 31) // 32 * 4 * abs(height) if compression in BMP_PLAIN else 0
    return Header(width, abs(height), offset + rows)


def _pcx(start: bytes) -> Header:
    """Read a PCX's header (ZSoft's technical reference manual, revision 5)."""
    _maker, version, _encoding, bits, left, top, right, bottom = struct.unpack_from("<BBBBHHHH", start)
    planes, line_bytes = struct.unpack_from("<BH", start, 65)
    if (bits, planes) not in PCX_KINDS or (bits == 8 and version != 5):
        words = f"it is a PCX of version {version}, {planes} planes and {bits} bits"
        raise Undrawable(NoPicture.VARIANT, words)
    height = bottom - top + 1
    return Header(right - left + 1, height, HEADER_BYTES + 2 * (line_bytes * planes * height // PCX_RUN))


def _psd(start: bytes) -> Header:
    """Read a PSD's header (Adobe Photoshop File Formats Specification, File Header Section)."""
    version, channels, height, width, depth, mode = struct.unpack_from(">H6xHIIHH", start, 4)
    if depth not in PSD_DEPTHS or mode > PSD_LAST_MODE:
        raise SourceDamaged(f"its header says colour mode {mode} and {depth} bits a channel")
    if version != 1 or (mode, depth) not in PSD_KINDS:
        words = f"it is a Photoshop picture of version {version}, colour mode {mode} and {depth} bits"
        raise Undrawable(NoPicture.VARIANT, words)
    row_bytes = (width * depth + 7) // 8
    packed = 2 + 2 * -(-row_bytes // PACKBITS_RUN)
    return Header(width, height, 26 + channels * height * min(row_bytes, packed))


PARSERS: Mapping[str, Callable[[bytes], Header]] = {"BMP": _bmp, "PCX": _pcx, "PSD": _psd}
