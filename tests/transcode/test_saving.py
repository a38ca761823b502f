import os
from pathlib import Path

import pytest
from PIL import Image

from tests.transcode.pictures import draw


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_no_rendition_is_larger_than_agreed(tmp_path: Path, mode: str) -> None:
    size = (900, 700)
    bands = len(Image.new(mode, (1, 1)).getbands())
    Image.frombytes(mode, size, os.urandom(size[0] * size[1] * bands)).save(tmp_path / "a.png")
    reply, pictures = draw(tmp_path / "a.png", max_bytes=200_000)
    assert max(path.stat().st_size for path in (tmp_path / "a.png-drawn").iterdir()) <= 200_000
    assert max(pictures["thumbnail"].size) <= 320
    assert (reply["width"], reply["height"]) == size
    across, down = pictures["image"].size
    assert across < 900
    assert abs(across / down - 9 / 7) < 0.02


def test_a_large_scan_gets_a_review_copy_that_fits_the_board_s_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.bmp"
    Image.effect_noise((3000, 2000), 100).convert("RGB").save(path)
    assert path.stat().st_size > 15 << 20
    _, pictures = draw(path)
    assert (tmp_path / "a.bmp-drawn" / "image.jpg").stat().st_size < 15 << 20
    assert pictures["image"].size == (2400, 1600)


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (2, 1)])
def test_the_thinnest_pictures_are_drawn(tmp_path: Path, size: tuple[int, int]) -> None:
    Image.new("RGB", size).save(tmp_path / "a.png")
    assert max(draw(tmp_path / "a.png")[1]["thumbnail"].size) == min(320, max(size))
