"""Previews of pictures: upright, sRGB, without metadata. Runs inside a sandboxed Python child.

The loader is chosen from the bytes, and only loaders named here are open: anything else is refused.
pillow_heif must be loaded before libvips: each brings a libheif of its own, and the other way round HEIC
crashes.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pillow_heif
import pyvips

from transcode.errors import SourceDamaged, SourceRefused

#: libvips' loaders that may run; all others, known or to come, are blocked.
LOADERS = ("VipsForeignLoadJpeg", "VipsForeignLoadPng", "VipsForeignLoadTiff", "VipsForeignLoadNsgif")
#: What libvips says of a picture that it does not know, or may not open.
UNOPENED = ("operation is blocked", "is not a known file format")
#: Brands of HEIC in its `ftyp` box (ISO/IEC 23008-12, 10.2 and 10.3).
HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
OPAQUE = 255

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
    read = _read_heic if _is_heic(input_path) else _read
    try:
        image, shrunk = read(input_path, max(sizes.values()), max_pixels)
        return {
            "width": image[0],
            "height": image[1],
            "pictures": _save_all(shrunk.copy_memory(), folder, sizes, jpeg_quality),
            "tools": {"libvips": _version(), "libheif": pillow_heif.libheif_version()},
        }
    except pyvips.Error as error:
        raise _explain(str(error)) from error


def _read(path: Path, edge: int, max_pixels: int) -> tuple[tuple[int, int], pyvips.Image]:
    """Return the upright size and the shrunk picture, decoded no larger than it must be."""
    header = pyvips.Image.new_from_file(str(path), access="sequential")
    _check_pixels(header.width, header.height, max_pixels)
    upright = header.autorot()
    shrunk = pyvips.Image.thumbnail(
        str(path), edge, height=edge, size="down", fail_on="error", export_profile="srgb"
    )
    return (upright.width, upright.height), shrunk


def _read_heic(path: Path, edge: int, max_pixels: int) -> tuple[tuple[int, int], pyvips.Image]:
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
    return (width, height), image.thumbnail_image(edge, height=edge, size="down", export_profile="srgb")


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


def _is_heic(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(12)
    return start[4:8] == b"ftyp" and start[8:12] in HEIC_BRANDS


def _check_pixels(width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels:
        raise SourceRefused(f"the picture has {width} x {height} pixels, more than can be shown")


def _explain(said: str) -> SourceDamaged | SourceRefused:
    if any(text in said for text in UNOPENED):
        return SourceRefused("it is no picture of a kind that is opened here")
    lines = said.strip().splitlines() or ["no reason given"]
    return SourceDamaged(f"the picture cannot be read: {lines[-1].strip()}")


def _version() -> str:
    return ".".join(str(pyvips.version(part)) for part in range(3))
