import struct
from pathlib import Path

import pytest
from PIL import Image

from tests.transcode.pictures import BLUE, GREEN, RED, draw, near
from transcode.errors import SourceRefused

TIMES = [100, 250, 400]


def animation(path: Path, size: tuple[int, int] = (120, 80)) -> Path:
    frames = [Image.new("RGB", size, colour) for colour in (RED, GREEN, BLUE)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=TIMES, loop=0)
    return path


def noise(path: Path, frames: int, size: tuple[int, int] = (400, 300)) -> Path:
    images = [Image.effect_noise(size, 90).convert("P") for _ in range(frames)]
    images[0].save(path, save_all=True, append_images=images[1:], duration=50)
    return path


def webp_delays(content: bytes) -> list[int]:
    """Return how long each frame stays, in milliseconds (RFC 9649, 2.7.1.1)."""
    at, delays = 12, []
    while at < len(content):
        kind, size = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "little")
        if kind == b"ANMF":
            delays.append(int.from_bytes(content[at + 20 : at + 23], "little"))
        at += 8 + size + size % 2
    return delays


def test_an_animation_keeps_moving(tmp_path: Path) -> None:
    reply, pictures = draw(animation(tmp_path / "a.gif"))
    assert reply["facts"] == {"frames": 3}
    assert list(reply["pictures"]) == ["thumbnail"]
    assert near(pictures["thumbnail"].getpixel((60, 40)), RED)
    made = tmp_path / "a.gif-drawn" / reply["moving"]["file"]
    with Image.open(made) as moving:
        assert (moving.format, moving.size, moving.n_frames) == ("WEBP", (120, 80), 3)
        for number, colour in enumerate((RED, GREEN, BLUE)):
            moving.seek(number)
            assert near(moving.convert("RGB").getpixel((60, 40)), colour)
    assert webp_delays(made.read_bytes()) == TIMES


def test_a_large_animation_shrinks_to_its_edge(tmp_path: Path) -> None:
    reply, _ = draw(animation(tmp_path / "a.gif", (600, 400)), sizes={"thumbnail": 30, "image": 300})
    assert (reply["moving"]["width"], reply["moving"]["height"]) == (300, 200)


def test_an_animation_of_too_many_bytes_is_made_smaller(tmp_path: Path) -> None:
    reply, _ = draw(noise(tmp_path / "a.gif", 6), max_bytes=60_000)
    made = tmp_path / "a.gif-drawn" / reply["moving"]["file"]
    assert made.stat().st_size <= 60_000
    assert reply["moving"]["width"] < 400


def test_an_animation_of_too_many_pixels_stands_still(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("transcode.moving.MOST_SOURCE_PIXELS", 20_000)
    reply, pictures = draw(animation(tmp_path / "a.gif"))
    assert reply["moving"] is None
    assert set(pictures) == {"thumbnail", "image"}
    assert {path.name for path in (tmp_path / "a.gif-drawn").iterdir()} == {"image.jpg", "thumbnail.jpg"}


def test_a_canvas_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = animation(tmp_path / "a.gif")
    content = path.read_bytes()
    size, huge = struct.pack("<HH", 120, 80), b"\xff" * 4
    path.write_bytes(content[:6] + huge + content[10:].replace(bytes(4) + size, bytes(4) + huge))
    with pytest.raises(SourceRefused):
        draw(path)
