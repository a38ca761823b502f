"""`python -m benchmarks.thumbnailer ours|pillow EDGE FOLDER FILE…`: thumbnails, one after the other."""

import sys
from pathlib import Path

import pillow_heif
from PIL import Image, ImageOps

from transcode import image

QUALITY = 82
#: More than any picture here has, so that nothing is refused.
MOST = 1 << 40


def ours(path: Path, folder: Path, edge: int) -> None:
    """As the worker's children make it."""
    image.render(path, folder, sizes={path.name: edge}, max_pixels=MOST, max_bytes=MOST, jpeg_quality=QUALITY)


def pillow(path: Path, folder: Path, edge: int) -> None:
    """As Pillow's own documents recommend."""
    pillow_heif.register_heif_opener()
    with Image.open(path) as opened:
        opened.draft("RGB", (edge, edge))
        opened.thumbnail((edge, edge))
        upright = ImageOps.exif_transpose(opened)
        upright.convert("RGB").save(folder / f"{path.name}.jpg", quality=QUALITY, optimize=True)


TOOLS = {"ours": ours, "pillow": pillow}


def main() -> None:
    tool, edge, folder, *files = sys.argv[1:]
    for file in files:
        TOOLS[tool](Path(file), Path(folder), int(edge))


if __name__ == "__main__":
    main()
