"""Previews of pictures: upright, sRGB, without metadata. Runs inside a sandboxed Python child.

The loader is chosen from the bytes, and only kinds named here are opened: anything else is refused.
pillow_heif must be loaded before libvips: each brings a libheif of its own, and the other way round HEIC
crashes.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pillow_heif
import pyvips

from transcode.errors import NoSpace, SourceDamaged, SourceRefused

#: libvips' loaders that may run; all others, known or to come, are blocked.
LOADERS = ("VipsForeignLoadJpeg", "VipsForeignLoadPng", "VipsForeignLoadTiff", "VipsForeignLoadNsgif")
#: How what they load begins. Asked first: some blocked loaders still read the file before they refuse.
STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"GIF87a", b"GIF89a")
#: Brands of HEIC in its `ftyp` box (ISO/IEC 23008-12, 10.2 and 10.3).
HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
OPAQUE = 255
DISK_FULL = "No space left on device"
#: A source's upright size, and the picture shrunk to the largest size asked for.
_Read = tuple[tuple[int, int], pyvips.Image]

pyvips.operation_block_set("VipsForeignLoad", True)
for loader in LOADERS:
    pyvips.operation_block_set(loader, False)
pyvips.cache_set_max(0)


def render(
    input_path: Path, folder: Path, *, sizes: Mapping[str, int], max_pixels: int, jpeg_quality: int
) -> dict[str, Any]:
    """Make one picture for each of `sizes` (name: longest edge in pixels; never enlarged) in `folder`.

    Returns the source's upright `width` and `height`, `pictures` by name (`file`, `media_type`, `width`,
    `height`) and `tools` with their versions. Raises `SourceRefused` for what may not be opened (other
    formats, or more than `max_pixels` in the header) and `SourceDamaged` for what cannot be read to its end.
    """
    read = _reader(input_path)
    try:
        (width, height), shrunk = read(input_path, max(sizes.values()), max_pixels)
        return {
            "width": width,
            "height": height,
            "pictures": _save_all(shrunk.copy_memory(), folder, sizes, jpeg_quality),
            "tools": {"libvips": _version(), "libheif": pillow_heif.libheif_version()},
        }
    except pyvips.Error as error:
        if DISK_FULL in str(error):
            raise NoSpace("the disk for scratch files is full") from error
        raise SourceDamaged(f"the picture cannot be read: {_last_line(str(error))}") from error


def _reader(path: Path) -> Callable[[Path, int, int], _Read]:
    """Return the function that reads what the file begins like."""
    with path.open("rb") as file:
        start = file.read(16)
    if start.startswith(STARTS):
        return _read
    if start[4:8] == b"ftyp" and start[8:12] in HEIC_BRANDS:
        return _read_heic
    raise SourceRefused("it is no picture of a kind that is opened here")


def _read(path: Path, edge: int, max_pixels: int) -> _Read:
    """Return the upright size and the shrunk picture, decoded no larger than it must be."""
    header = pyvips.Image.new_from_file(str(path), access="sequential")
    _check_pixels(header.width, header.height, max_pixels)
    upright = header.autorot()
    shrunk = pyvips.Image.thumbnail(
        str(path), edge, height=edge, size="down", fail_on="error", **_colours(header)
    )
    return (upright.width, upright.height), shrunk.colourspace("srgb")


def _read_heic(path: Path, edge: int, max_pixels: int) -> _Read:
    """Return the same for HEIC, whose decoder turns the picture itself."""
    try:
        picture = pillow_heif.open_heif(path, convert_hdr_to_8bit=True)
        width, height = picture.size
        _check_pixels(width, height, max_pixels)
        pixels = picture.to_pillow()
    except (ValueError, EOFError, OSError, RuntimeError) as error:
        raise SourceDamaged(f"the picture cannot be read: {error}") from error
    (width, height), bands = pixels.size, len(pixels.getbands())
    image = pyvips.Image.new_from_memory(pixels.tobytes(), width, height, bands, "uchar")
    image = image.copy(interpretation="srgb" if bands >= 3 else "b-w")
    if profile := picture.info.get("icc_profile"):
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    shrunk = image.thumbnail_image(edge, height=edge, size="down", **_colours(image))
    return (width, height), shrunk.colourspace("srgb")


def _colours(image: pyvips.Image) -> dict[str, str]:
    """Return how colours become sRGB: by profile only where there is one, or ink; others would be shifted."""
    managed = image.get_typeof("icc-profile-data") or image.interpretation == "cmyk"
    return {"export_profile": "srgb"} if managed else {}


def _save_all(
    image: pyvips.Image, folder: Path, sizes: Mapping[str, int], jpeg_quality: int
) -> dict[str, dict[str, Any]]:
    """Save the largest first; the smaller ones are made from it."""
    image = _without_idle_alpha(image)
    saved = {}
    for name, edge in sorted(sizes.items(), key=lambda item: -item[1]):
        image = image.thumbnail_image(edge, height=edge, size="down")
        saved[name] = _save(image, folder, name, jpeg_quality)
    return saved


def _save(image: pyvips.Image, folder: Path, name: str, jpeg_quality: int) -> dict[str, Any]:
    if image.hasalpha():
        file, media_type = f"{name}.png", "image/png"
        image.pngsave(str(folder / file), strip=True)
    else:
        file, media_type = f"{name}.jpg", "image/jpeg"
        image.jpegsave(str(folder / file), strip=True, Q=jpeg_quality, optimize_coding=True)
    return {"file": file, "media_type": media_type, "width": image.width, "height": image.height}


def _without_idle_alpha(image: pyvips.Image) -> pyvips.Image:
    if image.hasalpha() and image[image.bands - 1].min() == OPAQUE:
        return image.flatten()
    return image


def _check_pixels(width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels:
        raise SourceRefused(f"the picture has {width} x {height} pixels, more than can be shown")


def _last_line(said: str) -> str:
    return (said.strip().splitlines() or ["no reason given"])[-1].strip()


def _version() -> str:
    return ".".join(str(pyvips.version(part)) for part in range(3))
