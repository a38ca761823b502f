"""Pictures that libvips reads itself: JPEG, PNG, TIFF, GIF. Decoded no larger than they must be.

libvips chooses the loader from the bytes, and only those named here may run.
"""

from pathlib import Path

import pyvips

from transcode.colour import PROFILE, conversion, has_profile, to_srgb
from transcode.decoded import Decoded, check_pixels
from transcode.undrawn import NoPicture, Undrawable, is_unknown

#: libvips' loaders that may run; all others, known or to come, are blocked.
LOADERS = ("VipsForeignLoadJpeg", "VipsForeignLoadPng", "VipsForeignLoadTiff", "VipsForeignLoadNsgif")
#: How what they load begins. Asked first: some blocked loaders still read the file before they refuse.
STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"GIF87a", b"GIF89a")
#: What the pages of a file are called, by its loader.
PAGES = {"tiffload": "pages", "gifload": "frames"}

pyvips.operation_block_set("VipsForeignLoad", True)
for loader in LOADERS:
    pyvips.operation_block_set(loader, False)
pyvips.cache_set_max(0)


def read(path: Path, edge: int, max_pixels: int) -> Decoded:
    """Return the first page. Raises `SourceRefused`, `Undrawable`, `pyvips.Error`."""
    try:
        header = pyvips.Image.new_from_file(str(path), access="sequential")
        check_pixels(header.width, header.height, max_pixels)
        upright = header.autorot()
        picture = _shrink(path, edge, header)
    except pyvips.Error as error:
        if is_unknown(str(error)):
            raise Undrawable(NoPicture.VARIANT, last_line(str(error))) from error
        raise
    return Decoded(upright.width, upright.height, picture, _pages(header))


def last_line(said: str) -> str:
    """Return the end of what libvips said: the cause stands last."""
    return (said.strip().splitlines() or ["no reason given"])[-1].strip()


def _shrink(path: Path, edge: int, header: pyvips.Image) -> pyvips.Image:
    """Return the picture in memory: what is broken shows here, not later."""
    if header.get_typeof(PROFILE) and not has_profile(header):
        header = pyvips.Image.new_from_file(str(path), fail_on="error")
        header = header.copy_memory().autorot()
        header.remove(PROFILE)
        shrunk = header.thumbnail_image(edge, height=edge, size="down", **conversion(header))
    else:
        shrunk = pyvips.Image.thumbnail(
            str(path), edge, height=edge, size="down", fail_on="error", **conversion(header)
        )
    return to_srgb(shrunk).copy_memory()


def _pages(header: pyvips.Image) -> dict[str, int]:
    """Return how many pages or frames there are, where a file can have several."""
    loaded_by = str(header.get("vips-loader")).removesuffix("_source")
    if name := PAGES.get(loaded_by):
        return {name: int(header.get("n-pages")) if header.get_typeof("n-pages") else 1}
    return {}
