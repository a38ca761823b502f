"""Pictures made for tests, and what is drawn of them."""

import io
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from PIL import Image

from transcode import image as drawing

RED, GREEN, BLUE, WHITE = (254, 0, 0), (0, 255, 1), (0, 0, 254), (255, 255, 255)
#: Edge of a picture that nobody should unpack.
HUGE = 40_000
ARGUMENTS: dict[str, Any] = {
    "sizes": {"thumbnail": 320, "image": 2400},
    "max_pixels": 250_000_000,
    "max_bytes": 15 << 20,
    "jpeg_quality": 82,
}


def corners(width: int = 400, height: int = 200) -> Image.Image:
    """Return a picture whose four quarters differ."""
    image = Image.new("RGB", (width, height), WHITE)
    for colour, at in ((RED, (0, 0)), (GREEN, (width // 2, 0)), (BLUE, (0, height // 2))):
        image.paste(colour, (*at, at[0] + width // 2, at[1] + height // 2))
    return image


def stored(image: Image.Image, name: str, **options: object) -> bytes:
    """Return the bytes of its file."""
    buffer = io.BytesIO()
    image.save(buffer, format=name, **options)
    return buffer.getvalue()


def png_bomb(path: Path) -> None:
    """Write a PNG of one colour whose few bytes unpack to very many."""
    packed = zlib.compressobj(9)
    row = bytes(1 + HUGE // 8)
    rows = b"".join(packed.compress(row) for _ in range(HUGE)) + packed.flush()
    header = struct.pack(">IIBBBBB", HUGE, HUGE, 1, 0, 0, 0, 0)
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)


def near(found: object, wanted: tuple[int, ...], by: int = 12) -> bool:
    """Tell whether a pixel is as it should be, but for what JPEG does to it."""
    assert isinstance(found, tuple)
    return all(abs(a - b) <= by for a, b in zip(found, wanted, strict=True))


def draw(path: Path, **arguments: Any) -> tuple[dict[str, Any], dict[str, Image.Image]]:
    """Draw it without a sandbox; return the reply, and its pictures by name."""
    folder = path.with_name(f"{path.name}-drawn")
    folder.mkdir()
    reply = drawing.render(path, folder, **ARGUMENTS | arguments)
    moving = {"image": reply["moving"]} if reply["moving"] else {}
    pictures = {}
    for name, made in {**reply["pictures"], **moving}.items():
        with Image.open(folder / made["file"]) as opened:
            opened.load()
            pictures[name] = opened
        assert pictures[name].size == (made["width"], made["height"])
    return reply, pictures


def shows_corners(image: Image.Image) -> bool:
    """Tell whether the four quarters are where `corners` put them."""
    image = image.convert("RGB")
    right, low = image.width - image.width // 4, image.height - image.height // 4
    left, high = image.width // 4, image.height // 4
    wanted = {(left, high): RED, (right, high): GREEN, (left, low): BLUE, (right, low): WHITE}
    return all(near(image.getpixel(at), colour) for at, colour in wanted.items())


#: Channels of a Photoshop picture, by Pillow's mode: its number, and how it stores them.
PSD_MODES = {"1": 0, "L": 1, "P": 2, "RGB": 3, "RGBA": 3, "CMYK": 4, "LAB": 9}


#: No image resources.
NOTHING: Mapping[int, bytes] = MappingProxyType({})


def psd(image: Image.Image, *, packed: bool = False, said: Mapping[int, bytes] = NOTHING) -> bytes:
    """Return a flat PSD; `said`: image resources by number (Adobe Photoshop File Formats Specification)."""
    head = struct.pack(
        ">4sH6xHIIHH", b"8BPS", 1, len(image.getbands()), image.height, image.width, 8, PSD_MODES[image.mode]
    )
    palette = (image.getpalette() or []) + [0] * 768 if image.mode == "P" else []
    colours = b"".join(bytes(palette[band:768:3]) for band in range(3))
    resources = b"".join(
        b"8BIM" + struct.pack(">HHI", number, 0, len(data)) + data + b"\0" * (len(data) % 2)
        for number, data in said.items()
    )
    channels = [band.tobytes() for band in image.split()]
    if image.mode == "CMYK":
        channels = [bytes(255 - value for value in channel) for channel in channels]
    body = _packbits(channels, image.width) if packed else b"\0\0" + b"".join(channels)
    sections = (colours, resources, b"")
    return head + b"".join(struct.pack(">I", len(data)) + data for data in sections) + body


def _packbits(channels: list[bytes], width: int) -> bytes:
    """Return rows of literal runs, each of at most 128 bytes, behind the rows' lengths."""
    rows = [channel[at : at + width] for channel in channels for at in range(0, len(channel), width)]
    runs = [[row[at : at + 128] for at in range(0, width, 128)] for row in rows]
    packed = [b"".join(bytes((len(run) - 1,)) + run for run in row) for row in runs]
    return b"\0\1" + b"".join(struct.pack(">H", len(row)) for row in packed) + b"".join(packed)


def wide_profile() -> bytes:
    """Return a matrix profile with Adobe RGB's primaries, adapted to D50, and its gamma (ICC.1:2001-04)."""
    primaries = {
        b"rXYZ": (0.60974, 0.31111, 0.01947),
        b"gXYZ": (0.20528, 0.62567, 0.06087),
        b"bXYZ": (0.14919, 0.06322, 0.74457),
        b"wtpt": (0.9642, 1.0, 0.8249),
    }
    tags = {name: b"XYZ \0\0\0\0" + b"".join(_fixed(value) for value in at) for name, at in primaries.items()}
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.19921875 * 256)) + b"\0\0"
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    tags[b"desc"] = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"wide\0" + bytes(78)
    tags[b"desc"] += bytes(-len(tags[b"desc"]) % 4)
    tags[b"cprt"] = b"text\0\0\0\0none\0\0\0\0"
    table, body, at = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data
    size = 132 + 12 * len(tags) + len(body)
    head = struct.pack(">I4x4s4s4s4s12x4s", size, b"\2\x20\0\0", b"mntr", b"RGB ", b"XYZ ", b"acsp")
    head += bytes(28) + _fixed(0.9642) + _fixed(1.0) + _fixed(0.8249)
    return head + bytes(128 - len(head)) + table + body


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))
