"""Whether the size a picture claims can be true, and can be opened: pure."""

from scanning.findings import damage, suspicious, unsafe

#: A scan of A0 at 600 dots per inch has half as many.
_MOST_PIXELS = 1 << 30
#: All frames of an animation together.
_MOST_DRAWN_PIXELS = 50_000_000_000


def check_size(width: int, height: int, frames: int = 1) -> None:
    """Raise `Flawed` for a picture without a side, or one that would fill the memory of whoever opens it."""
    if width <= 0 or height <= 0:
        raise damage("its header cannot be read")
    if width * height > _MOST_PIXELS:
        raise unsafe("the picture unpacks to far more than its size")
    if width * height * frames > _MOST_DRAWN_PIXELS:
        raise suspicious("it holds far more pictures than such a file has")


def check_promise(width: int, height: int, coded_bytes: int, most_pixels_per_byte: int) -> None:
    """Raise `Flawed` if so few bytes can never be so many pixels."""
    if width * height > coded_bytes * most_pixels_per_byte:
        raise damage("its header promises far more than the picture has")
