"""Pictures that unpack to too much, claim too much, or are something else as well."""

import io
import struct
import zlib

from PIL import Image

from tests.scanning import samples
from tests.scanning.hostile.case import DAMAGED, HELD, MISMATCH, UNKNOWN, UNSAFE, Case

MIB = 1 << 20


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, packed: bytes, depth: int = 1) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def png_bomb() -> bytes:
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(7501 * 100)) for _ in range(600))
    return png(60_000, 60_000, rows + packer.flush())


def patched(content: bytes, at: int, value: bytes) -> bytes:
    return content[:at] + value + content[at + len(value) :]


def jpeg_claiming(height: int, width: int) -> bytes:
    content = samples.picture("JPEG")
    frame = content.index(b"\xff\xc0")
    return patched(content, frame + 5, struct.pack(">HH", height, width))


def gif(screen: tuple[int, int], frames: int) -> bytes:
    frame = b"\x2c" + bytes(4) + struct.pack("<HHB", *screen, 0) + b"\x02\x02\x44\x01\x00"
    return b"GIF89a" + struct.pack("<HHBBB", *screen, 0x80, 0, 0) + bytes(6) + frame * frames + b";"


def looping_tiff() -> bytes:
    """Two directories, each of which names the other as the next."""
    entry = struct.pack("<HHII", 256, 4, 1, 10)
    first = struct.pack("<H", 1) + entry + struct.pack("<I", 26)
    return b"II*\0\x08\0\0\0" + first + struct.pack("<H", 1) + entry + struct.pack("<I", 8)


def crowded_tiff() -> bytes:
    directories = b"".join(struct.pack("<HI", 0, 14 + 6 * at) for at in range(11_000))
    return b"II*\0\x08\0\0\0" + directories


def tiff_claiming(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("1", (64, 64)).save(buffer, "TIFF")
    content = buffer.getvalue()
    for tag, value in ((256, width), (257, height)):
        place = (
            content.index(struct.pack("<HH", tag, 4))
            if struct.pack("<HH", tag, 4) in content
            else content.index(struct.pack("<HH", tag, 3))
        )
        content = patched(content, place, struct.pack("<HHII", tag, 4, 1, value))
    return content


def photoshop(width: int, height: int, rows: bytes) -> bytes:
    return struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, height, width, 8, 3) + bytes(12) + b"\0\x01" + rows


def crowded_photoshop() -> bytes:
    """A layer section that claims four gigabytes."""
    header = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, 20, 30, 8, 3) + bytes(8)
    return header + struct.pack(">I", 0xFFFFFFF0) + bytes(1000)


def heic_claiming(width: int, height: int) -> bytes:
    size = samples.box(b"ispe", bytes(4), struct.pack(">II", width, height))
    properties = samples.box(b"iprp", samples.box(b"ipco", size))
    meta = samples.box(b"meta", bytes(4), properties)
    return samples.box(b"ftyp", b"heic", bytes(4)) + meta + samples.box(b"mdat", bytes(500))


def script_gif() -> bytes:
    """A picture whose first bytes open a comment of JavaScript, which the tail closes."""
    content = samples.picture("GIF")
    return patched(content, 6, b"/*") + b"*/=1;alert(1);//"


CASES = (
    Case("a PNG of 60,000 by 60,000", png_bomb, "png", UNSAFE, told="unpacks", lies=True),
    Case("a PNG of no width", lambda: png(0, 10, zlib.compress(b"")), "png", DAMAGED),
    Case(
        "a PNG that claims far more than it has",
        lambda: png(30_000, 30_000, zlib.compress(bytes(100))),
        "png",
        DAMAGED,
        told="promises",
        lies=True,
    ),
    Case("a JPEG of 65,500 by 65,500", lambda: jpeg_claiming(65_500, 65_500), "jpg", UNSAFE, lies=True),
    Case(
        "a JPEG that claims far more than it has",
        lambda: jpeg_claiming(20_000, 20_000),
        "jpg",
        DAMAGED,
        told="promises",
        lies=True,
    ),
    Case("a GIF of 65,535 by 65,535", lambda: gif((65_535, 65_535), 1), "gif", UNSAFE, lies=True),
    Case(
        "a GIF of 10,000 frames of 10,000 by 10,000",
        lambda: gif((10_000, 10_000), 10_000),
        "gif",
        HELD,
        lies=True,
    ),
    Case(
        "a BMP of 65,000 by 65,000",
        lambda: patched(samples.picture("BMP"), 18, struct.pack("<ii", 65_000, 65_000)),
        "bmp",
        UNSAFE,
        lies=True,
    ),
    Case(
        "a BMP of a negative width",
        lambda: patched(samples.picture("BMP"), 18, struct.pack("<ii", -5, 5)),
        "bmp",
        UNKNOWN,
    ),
    Case(
        "a PCX that has less than it claims",
        lambda: patched(samples.picture("PCX"), 8, struct.pack("<HH", 63, 60_000)),
        "pcx",
        DAMAGED,
    ),
    Case("a TIFF of 100,000 by 100,000", lambda: tiff_claiming(100_000, 100_000), "tif", UNSAFE, lies=True),
    Case("a TIFF whose directories go round", looping_tiff, "tif", DAMAGED, lies=True),
    Case("a TIFF of 11,000 directories", crowded_tiff, "tif", HELD, lies=True),
    Case(
        "a PSD of 30,000 by 30,000 in little",
        lambda: photoshop(30_000, 30_000, bytes(2 * 3 * 30_000)),
        "psd",
        DAMAGED,
        told="promises",
        lies=True,
    ),
    Case("a PSD whose layers are not there", crowded_photoshop, "psd", DAMAGED, lies=True),
    Case("a HEIC of 60,000 by 60,000", lambda: heic_claiming(60_000, 60_000), "heic", UNSAFE, lies=True),
    Case(
        "an archive behind a PNG",
        lambda: samples.picture("PNG") + samples.archive({"a": "b"}),
        "png",
        HELD,
        told="archive",
    ),
    Case(
        "an archive behind a JPEG",
        lambda: samples.picture("JPEG") + samples.archive({"a": "b"}),
        "jpg",
        HELD,
        told="archive",
    ),
    Case(
        "an archive far behind a JPEG",
        lambda: samples.picture("JPEG") + b"camera" + bytes(5000) + samples.archive({"a": "b"}),
        "jpg",
        HELD,
        told="archive",
    ),
    Case(
        "a program behind a BMP",
        lambda: samples.picture("BMP") + samples.program(),
        "bmp",
        HELD,
        told="program",
    ),
    Case("a GIF that is a script, too", script_gif, "gif", HELD, told="script"),
    Case(
        "PHP behind a JPEG",
        lambda: samples.picture("JPEG") + b"\n<?php system($_GET[0]); ?>",
        "jpg",
        HELD,
        told="script",
    ),
    Case(
        "a web page behind a PNG",
        lambda: samples.picture("PNG") + b"\n<html><script>alert(1)</script>",
        "png",
        HELD,
        told="web page",
    ),
    Case("a drawing of SVG named png", lambda: samples.NEVER_ACCEPTED["svg"], "png", MISMATCH, told="SVG"),
    Case("a drawing of SVG named html", lambda: samples.NEVER_ACCEPTED["svg"], "html", MISMATCH, told="SVG"),
    Case(
        "a metafile with a program of its own",
        lambda: samples.metafile(struct.pack("<IHH", 5, 0x0626, 9) + bytes(2)),
        "wmf",
        UNSAFE,
        told="program",
    ),
    Case(
        "a metafile of a million records",
        lambda: samples.metafile()[:40] + struct.pack("<IH", 3, 0x0103) * 1_100_000,
        "wmf",
        HELD,
    ),
    Case(
        "a metafile whose record never ends",
        lambda: samples.metafile()[:40] + struct.pack("<IH", 0, 0x0103) * 100,
        "wmf",
        DAMAGED,
    ),
    Case(
        "an enhanced metafile named wmf",
        lambda: struct.pack("<II32xI", 1, 88, 0x464D4520) + bytes(100),
        "wmf",
        UNKNOWN,
    ),
)
