"""Finished pictures: JPEG, or PNG where something shows through; never with the source's metadata."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyvips

from transcode.shrinking import shrink

OPAQUE = 255
#: A picture that is too many bytes is made smaller by this, until it fits.
STEP = 0.75


def save_all(
    image: pyvips.Image, folder: Path, sizes: Mapping[str, int], *, max_bytes: int, jpeg_quality: int
) -> dict[str, dict[str, Any]]:
    """Save the largest first; the smaller ones are made from it. None has more than `max_bytes`."""
    image = _without_idle_alpha(image)
    saved = {}
    for name, edge in sorted(sizes.items(), key=lambda item: -item[1]):
        image = shrink(image, edge).copy_memory()
        saved[name] = _save(image, folder, name, jpeg_quality)
        while (folder / saved[name]["file"]).stat().st_size > max_bytes:
            image = image.resize(STEP).copy_memory()
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
