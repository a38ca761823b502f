from pathlib import Path

import pytest
from PIL import Image

from config.profiles import load_profiles
from tests.transcode.samples import ffmpeg, film, phone_film, picture, sound
from transcode.errors import SourceDamaged
from transcode.poster import make_poster
from transcode.probe import probe

PICTURES = load_profiles().pictures


async def poster(source: Path, kind=None):
    folder = source.parent / "out"
    folder.mkdir()
    return await make_poster(source, folder, await probe(source, kind=kind), PICTURES, kind=kind)


async def test_a_poster_is_upright(tmp_path, kind):
    made = await poster(phone_film(tmp_path / "phone.mp4"), kind)
    assert (made.kind, made.media_type) == ("poster", "image/jpeg")
    with Image.open(made.path) as image:
        assert image.size == (made.width, made.height) == (360, 640)
        assert not image.getexif()


async def test_a_poster_is_no_larger_than_its_edge(tmp_path):
    made = await poster(film(tmp_path / "film.mp4", size="2560x1440", seconds=0.2))
    assert (made.width, made.height) == (1280, 720)


async def test_a_single_frame_is_its_own_poster(tmp_path):
    ffmpeg(*picture(), "-frames:v", 1, tmp_path / "one.mkv")
    assert (await poster(tmp_path / "one.mkv")).size_bytes > 500


async def test_a_picture_that_ends_before_the_sound_still_has_a_poster(tmp_path):
    ffmpeg(*picture(0.2), *sound(10), tmp_path / "film.mkv")
    assert (await poster(tmp_path / "film.mkv")).size_bytes > 500


async def test_sound_has_no_poster(tmp_path):
    ffmpeg(*sound(), tmp_path / "a.mp3")
    with pytest.raises(SourceDamaged):
        await poster(tmp_path / "a.mp3")
