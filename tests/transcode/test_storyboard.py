import asyncio
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from config.profiles import load_profiles
from tests.transcode.making import make, near
from tests.transcode.samples import ffmpeg, film, picture
from transcode.aids import make_aids
from transcode.made import Made
from transcode.storyboard import Sheet, format_times, lay_out, make_storyboard, parse_times

PICTURES = load_profiles().pictures
COLOURS = {"red": (254, 0, 0), "green": (0, 128, 0), "blue": (0, 0, 254), "white": (255, 255, 255)}
FILM = Made(Path("film.mp4"), "video", "video/mp4", 1, (), {}, 1920, 1080, 10.0)
CUE = re.compile(
    r"(\d\d):(\d\d):(\d\d\.\d{3}) --> (\d\d):(\d\d):(\d\d\.\d{3})\nstoryboard#xywh=(\d+),(\d+),(\d+),(\d+)"
)


def cues(text: str) -> list[tuple[float, float, tuple[int, ...]]]:
    assert text.startswith("WEBVTT\n\n")
    found = []
    for cue in CUE.findall(text):
        clocks = [int(h) * 3600 + int(m) * 60 + float(s) for h, m, s in (cue[:3], cue[3:6])]
        found.append((*clocks, tuple(map(int, cue[6:]))))
    return found


def colours(path: Path, *options: object) -> Path:
    """Make a film that shows each colour for three seconds."""
    inputs = [word for name in COLOURS for word in ("-f", "lavfi", "-i", f"color={name}:s=320x180:r=10:d=3")]
    ffmpeg(*inputs, "-filter_complex", "concat=n=4", "-pix_fmt", "yuv420p", *options, path)
    return path


@pytest.mark.parametrize(
    "options",
    [(), ("-g", 10), ("-g", 1000, "-x264-params", "scenecut=0"), ("-c:v", "mpeg4")],
    ids=["usual", "many key frames", "one key frame", "made anew"],
)
async def test_each_part_of_the_sheet_shows_what_the_film_shows_then(tmp_path, kind, options):
    made, _ = await make(colours(tmp_path / "film.mp4", *options), tmp_path / "out", kind=kind)
    sheet, times = await make_storyboard(made, tmp_path / "out", PICTURES, kind=kind)
    assert (sheet.kind, sheet.media_type) == ("storyboard", "image/jpeg")
    assert (times.kind, times.media_type) == ("storyboard_times", "text/vtt")
    found = cues(times.path.read_text())
    assert (found[0][0], found[-1][1]) == (0.0, made.duration_seconds)
    assert all(before[1] == after[0] for before, after in pairwise(found))
    assert len(found) >= 4
    with Image.open(sheet.path) as picture:
        assert picture.size == (sheet.width, sheet.height)
        for start, _, (left, top, width, height) in found:
            middle = picture.getpixel((left + width // 2, top + height // 2))
            assert near(middle, list(COLOURS.values())[int(start // 3)], 16), start


async def test_a_blink_has_a_sheet_of_one_picture(tmp_path):
    made, _ = await make(film(tmp_path / "film.avi", seconds=0.2), tmp_path / "out")
    sheet, times = await make_storyboard(made, tmp_path / "out", PICTURES)
    assert (sheet.width, sheet.height) == (160, 120)
    assert len(cues(times.path.read_text())) == 1


async def test_two_hours_have_a_hundred_pictures(tmp_path):
    long = (*picture(7200, "64x48", 1), "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", 10)
    ffmpeg(*long, tmp_path / "film.mp4")
    made = replace(FILM, path=tmp_path / "film.mp4", width=64, height=48, duration_seconds=7200.0)
    await asyncio.to_thread((tmp_path / "out").mkdir)
    sheet, times = await make_storyboard(made, tmp_path / "out", PICTURES)
    found = cues(times.path.read_text())
    assert 90 <= len(found) <= 100
    assert found[-1][1] == pytest.approx(7200, abs=0.1)
    assert sheet.size_bytes < 1_000_000


async def test_a_copy_is_not_lost_for_want_of_a_sheet(tmp_path):
    (tmp_path / "film.mp4").write_bytes(b"no film")
    broken = replace(FILM, path=tmp_path / "film.mp4")
    made, facts = await make_aids(broken, tmp_path, PICTURES)
    assert made == []
    assert facts["aids"].startswith("not made: ")


@pytest.mark.parametrize(
    ("changes", "sheet"),
    [
        ({}, Sheet(160, 90, 10, 1, 1.0)),
        ({"duration_seconds": 11.5}, Sheet(160, 90, 10, 2, 1.0)),
        ({"duration_seconds": 0.2}, Sheet(160, 90, 1, 1, 1.0)),
        ({"duration_seconds": None}, Sheet(160, 90, 1, 1, 1.0)),
        ({"duration_seconds": 7200.0}, Sheet(160, 90, 10, 10, 72.0)),
        ({"width": 1080, "height": 1920}, Sheet(90, 160, 10, 1, 1.0)),
        ({"width": 1920, "height": 2}, Sheet(160, 2, 10, 1, 1.0)),
        ({"width": 64, "height": 48}, Sheet(64, 48, 10, 1, 1.0)),
    ],
)
def test_the_sheet_has_a_picture_a_second_or_a_hundred(changes, sheet):
    assert lay_out(replace(FILM, **changes), PICTURES) == sheet


def test_times_are_read_from_what_are_numbers():
    assert parse_times("# timecode format v2\n0\n1500\nfrog\n") == [0.0, 1.5]


def test_the_first_picture_stands_for_what_is_before_it():
    text = format_times(Sheet(160, 90, 2, 2, 1.0), [0.4, 3700.25, 3701.0], 3701.0)
    assert cues(text) == [
        (0.0, 3700.25, (0, 0, 160, 90)),
        (3700.25, 3701.0, (160, 0, 160, 90)),
        (3701.0, 3701.001, (0, 90, 160, 90)),
    ]
