from pathlib import Path

import pytest
from PIL import Image

from config.profiles import load_profiles
from tests.transcode.making import make
from tests.transcode.samples import ffmpeg
from transcode.aids import make_aids

PICTURES = load_profiles().pictures


async def waveform(source: Path, folder: Path) -> Image.Image:
    made, _ = await make(source, folder)
    (picture,), facts = await make_aids(made, folder, PICTURES)
    assert facts == {}
    assert (picture.kind, picture.media_type) == ("waveform", "image/png")
    with Image.open(picture.path) as image:
        image.load()
        assert image.size == (picture.width, picture.height) == (1280, 240)
        return image


def heights(image: Image.Image) -> list[int]:
    """Return how many pixels are drawn in each column."""
    alpha = image.getchannel("A")
    return [sum(alpha.getpixel((x, y)) > 0 for y in range(image.height)) for x in range(image.width)]


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.aac", "a.aiff"])
async def test_where_it_is_loud_the_picture_is_tall(tmp_path, name):
    loud_then_soft = "sine=d=4:r=44100,volume='if(lt(t,2),12dB,-24dB)':eval=frame"
    ffmpeg("-f", "lavfi", "-i", loud_then_soft, tmp_path / name)
    found = heights(await waveform(tmp_path / name, tmp_path / "out"))
    assert min(found[50:550]) > 2 * max(found[700:1150])


async def test_silence_is_a_line_at_most(tmp_path):
    ffmpeg("-f", "lavfi", "-i", "anullsrc=d=2", tmp_path / "a.wav")
    assert max(heights(await waveform(tmp_path / "a.wav", tmp_path / "out"))) <= 2


@pytest.mark.parametrize("seconds", [0.03, 7200])
async def test_the_shortest_and_the_longest_have_one(tmp_path, seconds):
    ffmpeg("-f", "lavfi", "-i", f"sine=d={seconds}:r=8000", tmp_path / "a.mp3")
    assert max(heights(await waveform(tmp_path / "a.mp3", tmp_path / "out"))) > 10
