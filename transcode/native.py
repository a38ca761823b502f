"""Pictures that libvips reads itself: JPEG, PNG, TIFF, GIF. Decoded no larger than they must be.

libvips chooses the loader from the bytes, and only those named here may run.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyvips

from transcode.colour import PROFILE, conversion, has_profile, to_srgb
from transcode.decoded import Decoded, check_pixels
from transcode.exif import noted_in_exif
from transcode.undrawn import NoPicture, Undrawable, is_unknown

#: libvips' loaders that may run; all others, known or to come, are blocked.
LOADERS = ("VipsForeignLoadJpeg", "VipsForeignLoadPng", "VipsForeignLoadTiff", "VipsForeignLoadNsgif")
#: How what they load begins. Asked first: some blocked loaders still read the file before they refuse.
STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"GIF87a", b"GIF89a")
#: What decodes on after a fault and only warns of it, as browsers do; the others' warnings are mere words.
WARNING_LOADERS = frozenset({"jpegload"})
NOISE: Mapping[str, int] = {"decoder_noise": 1}
#: What the pages of a file are called, by its loader.
EXIF = "exif-data"
PAGES = {"tiffload": "pages", "gifload": "frames"}

pyvips.operation_block_set("VipsForeignLoad", True)
for loader in LOADERS:
    pyvips.operation_block_set(loader, False)
pyvips.cache_set_max(0)


def read(path: Path, edge: int, max_pixels: int, *, page: int = 0) -> Decoded:
    """Return one page, the first is 0. Raises `SourceRefused`, `Undrawable`, `pyvips.Error`."""
    place = f"{path}[page={page}]" if page else str(path)
    try:
        header = pyvips.Image.new_from_file(place, access="sequential")
        check_pixels(header.width, header.height, max_pixels)
        upright = header.autorot()
        picture, noise = _decode(place, edge, header)
    except pyvips.Error as error:
        if is_unknown(str(error)):
            raise Undrawable(NoPicture.VARIANT, last_line(str(error))) from error
        raise
    return Decoded(upright.width, upright.height, picture, {**_pages(header), **noise, **_noted(header)})


def open_whole(path: Path, max_pixels: int) -> pyvips.Image:
    """Return all pixels of the first page, upright and in sRGB, unpacked while they are used.

    Raises `SourceRefused`, and `pyvips.Error` also when a broken one is used.
    """
    header = pyvips.Image.new_from_file(str(path), access="sequential")
    check_pixels(header.width, header.height, max_pixels)
    return _shrink(str(path), max(header.width, header.height), header, "error")


def version() -> str:
    """Return libvips' version."""
    return ".".join(str(pyvips.version(part)) for part in range(3))


def last_line(said: str) -> str:
    """Return the end of what libvips said: the cause stands last."""
    return (said.strip().splitlines() or ["no reason given"])[-1].strip()


def _decode(place: str, edge: int, header: pyvips.Image) -> tuple[pyvips.Image, Mapping[str, int]]:
    """Return the picture in memory: what is broken shows here; and the fact that its decoder could go on."""
    if _loader(header) not in WARNING_LOADERS:
        return _shrink(place, edge, header, "error").copy_memory(), {}
    try:
        return _shrink(place, edge, header, "warning").copy_memory(), {}
    except pyvips.Error:
        return _shrink(place, edge, header, "error").copy_memory(), NOISE


def _shrink(place: str, edge: int, header: pyvips.Image, fail_on: str) -> pyvips.Image:
    """Return the picture, no side of it longer than `edge`, unpacked while it is used."""
    if header.get_typeof(PROFILE) and not has_profile(header):
        header = pyvips.Image.new_from_file(place, fail_on=fail_on)
        header = header.copy_memory().autorot()
        header.remove(PROFILE)
        shrunk = header.thumbnail_image(edge, height=edge, size="down", **conversion(header))
    else:
        shrunk = pyvips.Image.thumbnail(
            place, edge, height=edge, size="down", fail_on=fail_on, **conversion(header)
        )
    return to_srgb(shrunk)


def _pages(header: pyvips.Image) -> dict[str, int]:
    """Return how many pages or frames there are, where a file can have several."""
    if name := PAGES.get(_loader(header)):
        return {name: int(header.get("n-pages")) if header.get_typeof("n-pages") else 1}
    return {}


def _noted(header: pyvips.Image) -> dict[str, Any]:
    return noted_in_exif(bytes(header.get(EXIF))) if header.get_typeof(EXIF) else {}


def _loader(header: pyvips.Image) -> str:
    return str(header.get("vips-loader")).removesuffix("_source")
