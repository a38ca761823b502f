"""Previews of pictures: upright, sRGB, without metadata. Runs inside a sandboxed Python child.

The reader is chosen from the bytes, and only kinds named here are opened: anything else is refused.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import PIL
import pillow_heif
import pyvips

from transcode import heic, native, raster
from transcode.decoded import Decoded
from transcode.errors import NoSpace, SourceDamaged, SourceRefused
from transcode.moving import save_moving
from transcode.saving import save_all
from transcode.undrawn import Undrawable

START_BYTES = 16
DISK_FULL = "No space left on device"


def render(
    input_path: Path,
    folder: Path,
    *,
    sizes: Mapping[str, int],
    max_pixels: int,
    max_bytes: int,
    jpeg_quality: int,
) -> dict[str, Any]:
    """Make one picture for each of `sizes` (name: longest edge in pixels; never enlarged) in `folder`.

    Returns the source's upright `width` and `height`, `pictures` by name (`file`, `media_type`, `width`,
    `height`; none larger than `max_bytes`), for an animation the largest of them as `moving` instead,
    `facts` (among them why there is no picture, when nobody here knows such a one), and `tools` with their
    versions. Raises `SourceRefused` for what may not be opened (other formats, or more than `max_pixels` in
    the header) and `SourceDamaged` for what cannot be read to its end.
    """
    read = choose_reader(input_path)
    try:
        with translated():
            decoded = read(input_path, max(sizes.values()), max_pixels)
            made = _make(decoded, input_path, folder, sizes, max_bytes, jpeg_quality)
    except Undrawable as unknown:
        return _reply(0, 0, facts=unknown.facts())
    return _reply(decoded.width, decoded.height, **made, facts=dict(decoded.facts))


@contextmanager
def translated() -> Iterator[None]:
    """Raise `NoSpace` or `SourceDamaged` for what libvips says."""
    try:
        yield
    except pyvips.Error as error:
        if DISK_FULL in str(error):
            raise NoSpace("the disk for scratch files is full") from error
        raise SourceDamaged(f"the picture cannot be read: {native.last_line(str(error))}") from error


def choose_reader(path: Path) -> Callable[[Path, int, int], Decoded]:
    """Return the function that reads what the file begins like; raises `SourceRefused`."""
    with path.open("rb") as file:
        start = file.read(START_BYTES)
    if start.startswith(native.STARTS):
        return native.read
    if start[4:8] == b"ftyp" and start[8:12] in heic.BRANDS:
        return heic.read
    if start.startswith(tuple(raster.STARTS)):
        return raster.read
    raise SourceRefused("it is no picture of a kind that is opened here")


def _make(
    decoded: Decoded,
    source: Path,
    folder: Path,
    sizes: Mapping[str, int],
    max_bytes: int,
    jpeg_quality: int,
) -> dict[str, Any]:
    """Save what moves and what does not; the largest size moves where the source does."""
    pictures = save_all(decoded.picture, folder, sizes, max_bytes=max_bytes, jpeg_quality=jpeg_quality)
    if decoded.facts.get("frames", 1) == 1:
        return {"pictures": pictures}
    largest = max(sizes, key=sizes.__getitem__)
    moving = save_moving(
        source, folder, largest, edge=sizes[largest], max_bytes=max_bytes, quality=jpeg_quality
    )
    if moving:
        (folder / pictures.pop(largest)["file"]).unlink()
    return {"pictures": pictures, "moving": moving}


def _reply(
    width: int,
    height: int,
    *,
    facts: Mapping[str, Any],
    pictures: Mapping[str, Any] | None = None,
    moving: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "width": width,
        "height": height,
        "pictures": pictures or {},
        "moving": moving,
        "facts": facts,
        "tools": tools(),
    }


def tools() -> dict[str, str]:
    """Return what reads pictures here, with its versions."""
    return {
        "libvips": native.version(),
        "libheif": pillow_heif.libheif_version(),
        "Pillow": PIL.__version__,
    }
