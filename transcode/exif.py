"""When and with what a picture was taken, by its Exif (Exif 2.32, section 4.6). For sandboxed children."""

from typing import Any

from PIL import Image

from transcode.captured import noted, plain

_MAKE, _MODEL, _DIRECTORY, _TAKEN_AT, _ZONE = 0x010F, 0x0110, 0x8769, 0x9003, 0x9011


def noted_in_exif(exif: bytes) -> dict[str, Any]:
    """Return the fact of what a block of Exif says; nothing for one that says nothing or cannot be read."""
    said = Image.Exif()
    try:
        said.load(exif)
        times = said.get_ifd(_DIRECTORY)
    except Exception:  # noqa: BLE001 - Pillow names no error for a broken block; what it says is lost
        return {}
    moment = " ".join(filter(None, [plain(times.get(_TAKEN_AT)), plain(times.get(_ZONE))]))
    return noted(moment, said.get(_MAKE), said.get(_MODEL))
