"""What every reader of pictures returns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyvips

from transcode.errors import SourceRefused


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture, upright and in sRGB, shrunk to the largest size asked for."""

    #: Pixels of the upright source.
    width: int
    height: int
    picture: pyvips.Image
    #: What was found on the way: `pages`, `frames`, what its device noted.
    facts: Mapping[str, Any] = field(default_factory=dict)


def check_pixels(width: int, height: int, max_pixels: int) -> None:
    """Raise `SourceRefused` for a picture of more pixels than may be unpacked."""
    if width * height > max_pixels:
        raise SourceRefused(f"the picture has {width} x {height} pixels, more than can be shown")
