"""A large picture as a pyramid of tiles, of which a viewer fetches what it shows. Runs in a sandboxed child.

The pyramid is a Deep Zoom Image (`image.dzi`, `image_files/LEVEL/COLUMN_ROW.jpeg`) in one uncompressed ZIP.
"""

import zipfile
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from transcode import image, native
from transcode.errors import SourceRefused

NAME = "zoom.zip"
BASE = "image"
TILE_SUFFIX = ".jpeg"
OVERLAP = 1
#: In the largest level; all together are at most twice as many. A long strip of pixels would have more.
MOST_TILES = 5000


def render(
    input_path: Path, folder: Path, *, edge: int, tile_edge: int, max_pixels: int, jpeg_quality: int
) -> dict[str, Any]:
    """Cut the upright picture, whose longer side is `edge` pixels; what shows through is on white.

    Returns `file`, upright `width` and `height`, and `tools`. Raises `SourceRefused` for more than
    `max_pixels` or `MOST_TILES`, and `SourceDamaged`, `NoSpace`.
    """
    with image.translated():
        picture = _open(input_path, edge, max_pixels)
        if picture.hasalpha():
            picture = picture.flatten(background=255)
        if ceil(picture.width / tile_edge) * ceil(picture.height / tile_edge) > MOST_TILES:
            raise SourceRefused(f"it would take more than {MOST_TILES} tiles")
        # Not into a ZIP, which libvips 8.14 would never end on a full disk (and would deflate).
        with TemporaryDirectory(dir=folder) as name:
            picture.dzsave(
                f"{name}/{BASE}",
                suffix=f"{TILE_SUFFIX}[Q={jpeg_quality},optimize_coding,strip]",
                tile_size=tile_edge,
                overlap=OVERLAP,
                strip=True,
            )
            _pack(Path(name), folder / NAME)
    return {"file": NAME, "width": picture.width, "height": picture.height, "tools": image.tools()}


def _open(path: Path, edge: int, max_pixels: int) -> Any:  # noqa: ANN401 - libvips' own
    """Return the whole picture: row by row where its reader can, because it is large."""
    read = image.choose_reader(path)
    if read is native.read:
        return native.open_whole(path, max_pixels)
    return read(path, edge, max_pixels).picture


def _pack(cut: Path, target: Path) -> None:
    """Move the files into a ZIP that is the same each time; what libvips notes of the source stays behind."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as stored:
        for path in sorted(cut.rglob("*")):
            if path.suffix in {TILE_SUFFIX, ".dzi"}:
                stored.writestr(zipfile.ZipInfo(str(path.relative_to(cut))), path.read_bytes())
                path.unlink()
