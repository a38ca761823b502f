import pytest

from transcode.undrawn import is_unknown


@pytest.mark.parametrize(
    ("said", "unknown"),
    [
        ("LERC compression support is not configured", True),
        ("Unsupported BMP compression (4)", True),
        ("unknown PCX mode", True),
        ("vips_colourspace: no known route from 'multiband' to 'srgb'", True),
        ("VipsJpeg: Unsupported marker type 0x02", False),
        ("Invalid input: 'pitm' box references an unsupported or non-existing item", False),
        ("image file is truncated (20 bytes not processed)", False),
    ],
)
def test_what_is_not_known_is_told_from_what_is_broken(said: str, *, unknown: bool) -> None:
    assert is_unknown(said) is unknown
