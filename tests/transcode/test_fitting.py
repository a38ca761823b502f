"""What must fit fits, whatever it shows; what need not be larger is not."""

from dataclasses import replace

import pytest

from tests.transcode.making import PROFILE, frame_hashes, make, near, pixels
from tests.transcode.samples import ffmpeg, sound
from transcode.fitting import tighten
from transcode.plan import LEAST_BIT_RATE, Treatment, make_plan
from transcode.probe import AudioStream, Probe, VideoStream, probe

FINE = replace(PROFILE.encoder, crf=10)
NOISE = "color=gray:s=640x360:r=30:d={seconds},noise=alls=100:allf=t"
LIKE_SNOW = VideoStream(0, "mpeg4", 1920, 1080, pixel_format="yuv420p", duration_seconds=100.0)
FOUND = Probe("avi", 10_000_000, 100.0, False, 800_000, LIKE_SNOW, None, "5.1")


def noise(path, *options, seconds=3):
    ffmpeg(
        "-f",
        "lavfi",
        "-i",
        NOISE.format(seconds=seconds),
        *sound(seconds),
        "-pix_fmt",
        "yuv420p",
        *options,
        path,
    )
    return path


@pytest.mark.parametrize("limit", [700_000, 200_000, 60_000])
async def test_even_snow_fits_a_tiny_limit(tmp_path, limit):
    source = noise(tmp_path / "film.mp4", "-preset", "ultrafast", "-crf", 12)
    assert source.stat().st_size > 3 * limit
    told: list[tuple[float, float | None]] = []
    made, plan = await make(source, tmp_path / "out", reduce_to_bytes=limit, told=told)
    assert "oversize" in plan.reasons
    assert made.size_bytes <= limit
    assert made.duration_seconds == pytest.approx(3, abs=0.1)
    fractions = [fraction for fraction, _ in told]
    assert (fractions, fractions[-1]) == (sorted(fractions), 1.0)


async def test_what_is_easy_to_show_needs_one_pass_and_loses_nothing(tmp_path):
    easy = ("-f", "lavfi", "-i", "color=0xC49985:s=640x360:r=30:d=2,noise=c0s=4:allf=t")
    ffmpeg(*easy, "-pix_fmt", "yuv420p", "-preset", "ultrafast", "-qp", 1, tmp_path / "film.mp4")
    limit = (tmp_path / "film.mp4").stat().st_size // 2
    made, _ = await make(tmp_path / "film.mp4", tmp_path / "out", reduce_to_bytes=limit)
    assert made.size_bytes <= limit
    assert "-crf" in made.command
    assert near(pixels(made.path, [(320, 180)], 20)[0], (196, 153, 133), 8)


async def test_a_film_does_not_grow(tmp_path):
    source = noise(tmp_path / "film.avi", "-c:v", "mpeg4", "-b:v", "500k", "-qmin", 31, "-c:a", "libmp3lame")
    found = await probe(source)
    made, plan = await make(source, tmp_path / "out")
    assert plan.video is Treatment.TRANSCODE
    assert made.size_bytes <= found.size_bytes
    assert "-pass" in made.command


async def test_a_film_of_many_bits_that_would_grow_is_copied_after_all(tmp_path, monkeypatch):
    source = noise(tmp_path / "film.mp4", "-preset", "ultrafast", "-crf", 33, "-c:a", "aac")
    monkeypatch.setattr("tests.transcode.making.PROFILE", replace(PROFILE, copy_bit_rate=1000, encoder=FINE))
    made, plan = await make(source, tmp_path / "out")
    assert plan.reasons == ("bit_rate",)
    assert frame_hashes(made.path, "-c", "copy") == frame_hashes(source, "-c", "copy")


def plan(reduce_to_bytes=0, found=FOUND):
    return make_plan(found, PROFILE, size_bytes=found.size_bytes, reduce_to_bytes=reduce_to_bytes)


def test_what_fits_is_left_alone():
    assert tighten(FOUND, plan(), PROFILE, FOUND.size_bytes) is None
    copied = replace(FOUND, format_name="mov", video=replace(LIKE_SNOW, codec="h264", frame_rate=None))
    assert tighten(copied, plan(found=copied), PROFILE, 1 << 40) is None


def test_each_try_at_a_limit_is_smaller_than_the_last():
    tried, sizes = plan(1_000_000), []
    for _ in range(6):
        tried = tighten(FOUND, tried, PROFILE, 1_200_000)
        sizes.append((tried.mean_bit_rate, tried.size))
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 6
    assert tried.size < (1920, 1080)


def test_a_film_of_hardly_any_bits_may_be_larger():
    poor = replace(FOUND, size_bytes=LEAST_BIT_RATE * 100 // 8 - 1)
    assert tighten(poor, plan(found=poor), PROFILE, 2 * poor.size_bytes) is None


def test_sound_that_is_copied_takes_its_share():
    loud = replace(FOUND, audio=AudioStream(1, "aac", 2, bit_rate=320_000))
    quiet = replace(FOUND, audio=AudioStream(1, "aac", 2, bit_rate=64_000))
    rates = [
        tighten(found, plan(5_000_000, found), PROFILE, 6_000_000).mean_bit_rate for found in (loud, quiet)
    ]
    assert rates[1] - rates[0] == 256_000 or rates[0] == 1000
