import pytest
import pyvips

from tests.transcode.pictures import BLUE, RED, corners, near
from transcode.shrinking import shrink


def image_of(width: int, height: int) -> pyvips.Image:
    picture = corners(width, height)
    pixels = pyvips.Image.new_from_memory(picture.tobytes(), width, height, 3, "uchar")
    return pixels.copy(interpretation="srgb")


@pytest.mark.parametrize("size", [(4001, 2999), (1000, 500), (320, 200), (100, 50), (9000, 3)])
def test_the_longer_side_is_the_edge_or_what_it_was(size: tuple[int, int]) -> None:
    made = shrink(image_of(*size), 320)
    assert max(made.width, made.height) == min(320, max(size))


def test_what_is_shrunk_far_shows_what_was_there() -> None:
    made = shrink(image_of(4000, 3000), 300)
    assert near(tuple(made(10, 10)), RED)
    assert near(tuple(made(10, 210)), BLUE)


def test_what_is_hidden_does_not_bleed() -> None:
    seen = image_of(3000, 3000)
    mask = pyvips.Image.black(3000, 3000).draw_rect(255, 0, 0, 1490, 3000, fill=True)
    made = shrink(seen.bandjoin(mask), 100)
    assert all(near(tuple(made(x, 20))[:3], RED) for x in range(50) if made(x, 20)[3] > 30)
