"""Every profile's films, made by its own encoder or by the one it falls back on."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.transcode.making import PROFILES, make, near, streams, times
from tests.transcode.samples import ffmpeg, film, sound
from tests.transcode.test_timing import IRREGULAR
from tests.transcode.test_upright import BLUE, GREEN, RED, WHITE, corners, seen, turned
from transcode.encoders import Wish, encoder_options
from transcode.errors import ToolFailed
from transcode.trial import try_encoder

SMALL, MODERN = PROFILES["review-480p"], PROFILES["review-1080p-av1"]
NEW = pytest.mark.parametrize("profile", [SMALL, MODERN], ids=lambda profile: profile.name)
WISH = Wish((640, 360), True, 2_000_000, None, 300, 30)


@pytest.mark.parametrize(
    ("wish", "encoder"),
    [
        (WISH, "libsvtav1"),
        (replace(WISH, size=(64, 64)), "libsvtav1"),
        (replace(WISH, size=(62, 480)), "libx264"),
        (replace(WISH, mean_rate=500_000), "libx264"),
        (replace(WISH, even=False), "libx264"),
    ],
)
def test_what_svt_av1_cannot_do_is_x264s(wish, encoder):
    options = encoder_options(MODERN, wish)
    assert options["c:v"] == encoder
    assert ("profile:v" in options, "x264-params" in options) == ((encoder == "libx264"),) * 2
    assert encoder_options(PROFILES["review-1080p"], wish)["c:v"] == "libx264"


@NEW
async def test_a_turned_film_comes_out_upright_with_all_frames_and_no_complaint(tmp_path, profile, kind):
    source = turned(corners(tmp_path / "a.mp4"), 90)
    made, _ = await make(source, tmp_path / "out", profile=profile, kind=kind)
    (picture,) = streams(made.path, "v")
    assert picture["codec_name"] == ("av1" if profile is MODERN else "h264")
    found = seen(made.path)
    assert all(near(a, b, 24) for a, b in zip(found, [BLUE, RED, WHITE, GREEN], strict=True)), found
    assert (made.complaint_lines, len(times(made.path))) == (0, len(times(source)))


@NEW
async def test_frames_keep_their_own_times(tmp_path, profile):
    vary = ("-filter:v", IRREGULAR, "-fps_mode", "passthrough", "-enc_time_base", "1:90000")
    source = film(tmp_path / "a.mkv", *vary, "-pix_fmt", "yuv422p", seconds=3)
    made, _ = await make(source, tmp_path / "out", profile=profile)
    assert times(made.path) == pytest.approx(times(source), abs=0.0015)  # Matroska counts milliseconds


async def test_a_picture_too_small_for_the_encoder_is_made_by_the_other(tmp_path):
    source = film(tmp_path / "a.avi", "-c:v", "mpeg4", seconds=1, size="48x36")
    made, _ = await make(source, tmp_path / "out", profile=MODERN)
    assert [stream["codec_name"] for stream in streams(made.path, "v")] == ["h264"]


async def test_a_film_that_names_no_rate_is_made_with_all_its_frames(tmp_path):
    vary = ("-filter:v", IRREGULAR, "-fps_mode", "passthrough", "-c:v", "flv1", "-c:a", "libmp3lame")
    source = film(tmp_path / "a.flv", *vary, "-flvflags", "no_metadata+no_duration_filesize", seconds=2)
    made, _ = await make(source, tmp_path / "out", profile=MODERN)
    assert len(times(made.path)) == len(times(source))


async def test_one_frame_is_a_film_too(tmp_path):
    source = film(tmp_path / "a.avi", "-c:v", "mpeg4", seconds=0.03)
    made, _ = await make(source, tmp_path / "out", profile=MODERN)
    assert len(times(made.path)) == 1


async def test_by_av1_too_even_snow_fits_a_limit(tmp_path):
    source, limit = snow(tmp_path / "a.mp4", "-preset", "ultrafast", "-crf", 9, seconds=1), 30_000
    assert source.stat().st_size > 3 * limit
    made, plan = await make(source, tmp_path / "out", reduce_to_bytes=limit, profile=MODERN)
    assert "oversize" in plan.reasons
    assert made.size_bytes <= limit


async def test_by_av1_too_a_film_does_not_grow(tmp_path):
    source = snow(tmp_path / "a.avi", "-c:v", "mpeg4", "-b:v", "200k", "-qmin", 31, "-c:a", "libmp3lame")
    made, _ = await make(source, tmp_path / "out", profile=MODERN)
    assert "libx264" in made.command
    assert made.size_bytes <= source.stat().st_size


def snow(path: Path, *options: object, seconds: int = 3) -> Path:
    shown = f"color=gray:s=160x120:r=30:d={seconds},noise=alls=100:allf=t"
    ffmpeg("-f", "lavfi", "-i", shown, *sound(seconds), "-pix_fmt", "yuv420p", *options, path)
    return path


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
async def test_this_machine_can_do_what_every_profile_wants(profile, kind):
    await try_encoder(profile, kind=kind)


async def test_an_encoder_that_is_not_there_is_found_before_any_film():
    wrong = replace(MODERN, encoder=replace(MODERN.encoder, preset=99))
    with pytest.raises(ToolFailed, match="preset"):
        await try_encoder(wrong)
