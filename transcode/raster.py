"""BMP, PCX and PSD, through Pillow: only the plugin of the format that the bytes show is asked.

The header is read first, by our own parser: what says too much of itself is never unpacked.
"""

from pathlib import Path

import pyvips
from PIL import BmpImagePlugin, Image, ImageCms, PcxImagePlugin, PsdImagePlugin

from transcode.colour import PROFILE, conversion, to_srgb
from transcode.decoded import Decoded, check_pixels
from transcode.errors import SourceDamaged
from transcode.raster_headers import HEADER_BYTES, parse_header
from transcode.undrawn import NoPicture, Undrawable, is_unknown

#: How each begins, by Pillow's name.
STARTS = {b"BM": "BMP", b"8BPS": "PSD"} | {bytes((10, v, 1)): "PCX" for v in (0, 2, 3, 5)}
#: Their plugins, imported so that Pillow never goes looking for others.
PLUGINS = (BmpImagePlugin, PcxImagePlugin, PsdImagePlugin)
#: What Pillow hands over as it is, by libvips' name.
MODES = {"L": "b-w", "LA": "b-w", "RGB": "srgb", "RGBA": "srgb", "CMYK": "cmyk"}


def read(path: Path, edge: int, max_pixels: int) -> Decoded:
    """Return the picture; a PSD's is the one that Photoshop merged.

    Raises `SourceRefused`, `SourceDamaged`, `Undrawable`.
    """
    with path.open("rb") as file:
        start = file.read(HEADER_BYTES)
    kind = next(kind for begin, kind in STARTS.items() if start.startswith(begin))
    header = parse_header(kind, start)
    check_pixels(header.width, header.height, max_pixels)
    if path.stat().st_size < header.least_bytes:
        raise SourceDamaged("it ends before its picture does")
    Image.MAX_IMAGE_PIXELS = max_pixels
    image = _load(path, kind, max_pixels, 2 * edge)
    picture = _hand_over(image)
    shrunk = picture.thumbnail_image(edge, height=edge, size="down", **conversion(picture))
    return Decoded(header.width, header.height, to_srgb(shrunk).copy_memory())


def _load(path: Path, kind: str, max_pixels: int, edge: int) -> Image.Image:
    """Return the pixels in a mode that libvips knows; what is far larger than `edge` is halved, thirded…"""
    try:
        with Image.open(path, formats=[kind]) as image:
            check_pixels(*image.size, max_pixels)
            if not image.tile:
                raise Undrawable(NoPicture.VARIANT, "its picture is packed in a way that is not known here")
            image.load()
            return _plain(image, edge)
    except (OSError, ValueError, SyntaxError, IndexError, KeyError, EOFError) as error:
        if is_unknown(str(error)):
            raise Undrawable(NoPicture.VARIANT, str(error)) from error
        raise SourceDamaged(f"the picture cannot be read: {error}") from error


def _plain(image: Image.Image, edge: int) -> Image.Image:
    plain = _convert(image)
    factor = max(plain.size) // edge
    if factor > 1:
        plain = plain.reduce(factor)
    plain.info = {"icc_profile": image.info.get("icc_profile")}
    return plain


def _convert(image: Image.Image) -> Image.Image:
    if image.mode in MODES:
        return image
    if image.mode == "LAB":
        lab, srgb = (ImageCms.createProfile(name) for name in ("LAB", "sRGB"))
        return ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB") or image
    if image.mode == "1":
        return image.convert("L")
    return image.convert("RGBA" if "transparency" in image.info else "RGB")


def _hand_over(image: Image.Image) -> pyvips.Image:
    width, height = image.size
    picture = pyvips.Image.new_from_memory(
        image.tobytes(), width, height, len(image.getbands()), "uchar"
    ).copy(interpretation=MODES[image.mode])
    if profile := image.info["icc_profile"]:
        picture.set_type(pyvips.GValue.blob_type, PROFILE, profile)
    return picture
