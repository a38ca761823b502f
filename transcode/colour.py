"""Colours brought to sRGB: by the picture's profile where it fits its pixels, else as sRGB."""

from typing import Any

import pyvips

#: Profiles name the space they start from at this place (ICC.1:2022, 7.2.6).
SPACE = slice(16, 20)
FITTING = {
    b"RGB ": {"srgb", "rgb", "rgb16"},
    b"GRAY": {"b-w", "grey16"},
    b"CMYK": {"cmyk"},
    b"Lab ": {"lab", "labs", "labq"},
}
PROFILE = "icc-profile-data"


def conversion(image: pyvips.Image) -> dict[str, Any]:
    """Return `thumbnail`'s options: by profile only where there is one, or ink; others would be shifted."""
    managed = has_profile(image) or image.interpretation == "cmyk"
    return {"export_profile": "srgb"} if managed else {}


def has_profile(image: pyvips.Image) -> bool:
    """Tell whether it has a profile made for pixels like its own; cameras and scanners tag wrongly."""
    if not image.get_typeof(PROFILE):
        return False
    return image.interpretation in FITTING.get(bytes(image.get(PROFILE)[SPACE]), set())


def to_srgb(image: pyvips.Image) -> pyvips.Image:
    """Return it as sRGB of 8 bits, with its alpha and without channels that are neither."""
    image = image.colourspace("srgb")
    return image[:4] if image.bands > 4 else image
