"""Photos as phones make them: stored sideways, with an EXIF orientation."""

import random
from pathlib import Path

from PIL import Image

_ORIENTATION = 0x0112
_MAKE = 0x010F
#: "Turn a quarter clockwise to show" (EXIF 2.32, 4.6.4).
QUARTER_CLOCKWISE = 6


def make_photo(path: Path, *, width: int = 4000, height: int = 3000, seed: int = 1) -> Path:
    """Write a JPEG of about a megabyte; its left edge is red, so the upright picture has a red top."""
    grain = random.Random(seed).randbytes((width // 8) * (height // 8) * 3)
    picture = Image.frombytes("RGB", (width // 8, height // 8), grain).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    picture.paste((255, 0, 0), (0, 0, width // 8, height))
    exif = Image.Exif()
    exif[_ORIENTATION] = QUARTER_CLOCKWISE
    exif[_MAKE] = "Sample"
    picture.save(path, "JPEG", quality=82, exif=exif)
    return path
