"""A TIFF of several pages as a PDF of their pictures. Runs inside a sandboxed Python child."""

import time
from pathlib import Path
from typing import Any

import pypdfium2
import pyvips

from transcode import native
from transcode.errors import SourceDamaged
from transcode.picture_pdf import PicturePdf
from transcode.undrawn import Undrawable

COPY = "document.pdf"
#: The longer edge of A4, in points: resolutions that scanners write cannot be relied on.
PAGE_POINTS = 842


def render(
    input_path: Path,
    folder: Path,
    *,
    page_edge: int,
    most_pages: int,
    most_seconds: float,
    max_pixels: int,
    jpeg_quality: int,
) -> dict[str, Any]:
    """Draw the first pages, upright, their longer edges at most `page_edge` pixels.

    The copy ends after `most_pages`, or with the page that is being drawn after `most_seconds`; a page that
    nobody here can draw is left out. Returns `pages`, `pages_shown`, `file` and `tools`. Raises
    `SourceRefused` for a page of more than `max_pixels`, and `SourceDamaged` for one that cannot be read.
    """
    until, copy = time.monotonic() + most_seconds, PicturePdf()
    try:
        pages = int(pyvips.Image.new_from_file(str(input_path)).get("n-pages"))
        for number in range(min(pages, most_pages)):
            if number and time.monotonic() > until:
                break
            _add(copy, input_path, number, page_edge, max_pixels, jpeg_quality)
    except pyvips.Error as error:
        raise SourceDamaged(f"a page cannot be read: {native.last_line(str(error))}") from error
    copy.save(folder / COPY)
    return {
        "pages": pages,
        "pages_shown": len(copy),
        "pictures": {},
        "file": COPY,
        "tools": {"libvips": native.version(), "pypdfium2": str(pypdfium2.PYPDFIUM_INFO)},
    }


def _add(copy: PicturePdf, path: Path, number: int, edge: int, max_pixels: int, quality: int) -> None:
    try:
        picture = native.read(path, edge, max_pixels, page=number).picture
    except Undrawable:
        return
    points = PAGE_POINTS / max(picture.width, picture.height)
    opaque = picture.flatten(background=255) if picture.hasalpha() else picture
    jpeg = opaque.jpegsave_buffer(strip=True, Q=quality, optimize_coding=True)
    copy.add((picture.width * points, picture.height * points), jpeg)
