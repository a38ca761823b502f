"""Pictures come out upright, in square pixels and whole, whatever they were stored like."""

import struct

import pytest

from tests.transcode.making import make, near, pixels, streams
from tests.transcode.samples import ffmpeg, film, sound
from transcode.probe import probe

RED, GREEN, BLUE, WHITE = (254, 0, 0), (0, 128, 0), (0, 0, 254), (255, 255, 255)
#: Red above left, green above right, blue below left, white below right.
CORNERS = (
    "color=red:s=160x120:d=1[a];color=green:s=160x120:d=1[b];color=blue:s=160x120:d=1[c];"
    "color=white:s=160x120:d=1[d];[a][b]hstack[e];[c][d]hstack[f];[e][f]vstack"
)


def corners(path, *options):
    ffmpeg("-f", "lavfi", "-i", CORNERS, *sound(1), "-pix_fmt", "yuv420p", *options, path)
    return path


def seen(path):
    video = streams(path, "v")[0]
    width, height = int(video["width"]), int(video["height"])
    assert "side_data_list" not in video
    assert video.get("sample_aspect_ratio", "1:1") == "1:1"
    inset = 20
    return pixels(
        path,
        [(inset, inset), (width - inset, inset), (inset, height - inset), (width - inset, height - inset)],
    )


def turned(path, degrees):
    """Write the matrix that a phone writes when it was held so (ISO/IEC 14496-12, 8.3.2)."""
    one = 1 << 16
    matrix = {0: (one, 0, 0, one), 90: (0, one, -one, 0), 180: (-one, 0, 0, -one), 270: (0, -one, one, 0)}
    a, b, c, d = matrix[degrees]
    content = path.read_bytes()
    at = content.index(b"tkhd") + 4 + 40  # of the first track, the picture's
    path.write_bytes(content[:at] + struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30) + content[at + 36 :])
    return path


@pytest.mark.parametrize(
    ("degrees", "size", "above_left_first"),
    [
        (0, (320, 240), [RED, GREEN, BLUE, WHITE]),
        (90, (240, 320), [BLUE, RED, WHITE, GREEN]),
        (180, (320, 240), [WHITE, BLUE, GREEN, RED]),
        (270, (240, 320), [GREEN, WHITE, RED, BLUE]),
    ],
)
async def test_a_turned_film_is_turned_upright(tmp_path, degrees, size, above_left_first):
    made, _ = await make(turned(corners(tmp_path / "turned.mp4"), degrees), tmp_path / "out")
    assert (made.width, made.height) == size
    found = seen(made.path)
    assert all(near(a, b) for a, b in zip(found, above_left_first, strict=True)), found


async def test_a_portrait_film_keeps_as_many_pixels_as_the_same_film_on_its_side(tmp_path):
    made, _ = await make(film(tmp_path / "a.avi", size="1440x2560", seconds=0.2), tmp_path / "out")
    assert (made.width, made.height) == (1080, 1920)


async def test_odd_sizes_lose_less_than_two_pixels_and_nothing_is_cropped(tmp_path):
    source = corners(tmp_path / "odd.mkv", "-vf", "scale=321:241", "-pix_fmt", "yuv444p")
    made, plan = await make(source, tmp_path / "out")
    assert "pixel_format" in plan.reasons
    assert (made.width, made.height) == (320, 240)
    found = seen(made.path)
    assert all(near(a, b) for a, b in zip(found, [RED, GREEN, BLUE, WHITE], strict=True)), found


async def test_wide_pixels_become_square_ones(tmp_path):
    made, _ = await make(corners(tmp_path / "wide.mp4", "-vf", "setsar=4/3"), tmp_path / "out")
    assert (made.width, made.height) == (426, 240)
    found = seen(made.path)
    assert all(near(a, b) for a, b in zip(found, [RED, GREEN, BLUE, WHITE], strict=True)), found


async def test_black_borders_stay(tmp_path):
    source = corners(tmp_path / "boxed.avi", "-vf", "pad=480:400:80:80:black")
    made, _ = await make(source, tmp_path / "out")
    assert (made.width, made.height) == (480, 400)
    assert near(pixels(made.path, [(40, 200)])[0], (0, 0, 0))
    assert not (await probe(made.path)).video.interlaced
