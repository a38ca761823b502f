from dataclasses import replace
from fractions import Fraction

import pytest

from config.profiles import load_profiles
from transcode.errors import SourceDamaged
from transcode.plan import Container, Treatment, fit_frame_rate, fit_size, make_plan
from transcode.probe import AudioStream, Probe, VideoStream

PROFILES = load_profiles().video
PROFILE = PROFILES["review-1080p"]
SMALL, MODERN = PROFILES["review-480p"], PROFILES["review-1080p-av1"]
VIDEO = VideoStream(
    0,
    "h264",
    1920,
    1080,
    frame_rate=Fraction(30),
    duration_seconds=60.0,
    bit_rate=4_000_000,
    pixel_format="yuv420p",
)
AUDIO = AudioStream(1, "aac", channels=2, sample_rate=48_000, bit_rate=192_000)
PROBE = Probe("mov", 30_000_000, 60.0, False, 4_200_000, VIDEO, AUDIO, "5.1")
COPY, TRANSCODE, NONE = Treatment.COPY, Treatment.TRANSCODE, Treatment.NONE


def plan(probe=PROBE, reduce_to_bytes=0, profile=PROFILE):
    return make_plan(probe, profile, size_bytes=probe.size_bytes, reduce_to_bytes=reduce_to_bytes)


def with_video(**changes):
    return replace(PROBE, video=replace(VIDEO, **changes))


def with_audio(**changes):
    return replace(PROBE, audio=replace(AUDIO, **changes))


@pytest.mark.parametrize(
    ("probe", "video", "audio", "reasons"),
    [
        (PROBE, COPY, COPY, ()),
        (replace(PROBE, format_name="matroska"), COPY, COPY, ()),
        (replace(PROBE, format_name="avi"), TRANSCODE, COPY, ("container",)),
        (replace(PROBE, audio=None), COPY, NONE, ()),
        (with_video(codec="hevc"), TRANSCODE, COPY, ("codec",)),
        (with_video(pixel_format="yuv420p10le"), TRANSCODE, COPY, ("pixel_format",)),
        (with_video(pixel_format="yuvj420p"), COPY, COPY, ()),
        (with_video(fields="auto"), TRANSCODE, COPY, ("interlaced",)),
        (with_video(rotation=90), TRANSCODE, COPY, ("rotated",)),
        (with_video(width=1440, pixel_aspect=Fraction(4, 3)), TRANSCODE, COPY, ("pixel_aspect",)),
        (with_video(width=1080, height=1920), COPY, COPY, ()),
        (with_video(width=3840, height=2160), TRANSCODE, COPY, ("size",)),
        (with_video(width=1920, height=1440), TRANSCODE, COPY, ("size",)),
        (with_video(bit_rate=40_000_000), TRANSCODE, COPY, ("bit_rate",)),
        (replace(with_video(bit_rate=None), bit_rate=40_000_000), TRANSCODE, COPY, ("bit_rate",)),
        (with_audio(codec="pcm_s16le"), COPY, TRANSCODE, ("audio",)),
        (with_audio(codec="mp3"), COPY, COPY, ()),
        (with_audio(channels=6), COPY, TRANSCODE, ("audio",)),
        (with_audio(channels=None), COPY, TRANSCODE, ("audio",)),
    ],
)
def test_a_browsers_streams_are_copied_and_others_made_anew(probe, video, audio, reasons):
    made = plan(probe)
    assert (made.kind, made.container) == ("video", Container.MP4)
    assert (made.video, made.audio, made.reasons) == (video, audio, reasons)


def small_film(**changes):
    """A film that every profile copies."""
    video = {"width": 640, "height": 480, "bit_rate": 700_000, **changes}
    return replace(with_video(**video), audio=replace(AUDIO, bit_rate=96_000), bit_rate=800_000)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_by_every_profile_a_film_within_its_limits_is_copied_and_one_beyond_is_brought_within(profile):
    assert plan(small_film(), profile=profile).reasons == ()
    large = plan(replace(with_video(width=3840, height=2160), size_bytes=50_000_000), profile=profile)
    assert large.video is TRANSCODE
    assert max(large.size) <= profile.long_edge
    assert min(large.size) <= profile.short_edge
    assert large.most_bytes == 50_000_000, "what is made is never larger than the film"
    limited = plan(replace(PROBE, size_bytes=50_000_000), 5_000_000, profile)
    assert (limited.video, limited.most_bytes) == (TRANSCODE, 5_000_000)
    assert limited.bit_rate <= profile.peak_bit_rate
    for trouble in ({"rotation": 90}, {"fields": "auto"}, {"codec": "hevc"}, {"pixel_format": "yuv420p10le"}):
        assert plan(small_film(**trouble), profile=profile).video is TRANSCODE


@pytest.mark.parametrize(
    ("probe", "profile", "reasons"),
    [
        (small_film(codec="av1"), PROFILE, ("codec",)),
        (small_film(codec="av1"), SMALL, ("codec",)),
        (small_film(codec="av1"), MODERN, ()),
        (small_film(bit_rate=900_000), SMALL, ("bit_rate",)),
        (replace(small_film(), audio=AUDIO), SMALL, ("audio",)),
        (replace(small_film(), audio=AUDIO), PROFILE, ()),
        (replace(small_film(), audio=replace(AUDIO, bit_rate=None)), SMALL, ("audio",)),
        (replace(small_film(), audio=replace(AUDIO, bit_rate=None)), MODERN, ()),
    ],
)
def test_what_is_copied_is_the_profiles_choice(probe, profile, reasons):
    assert plan(probe, profile=profile).reasons == reasons


@pytest.mark.parametrize(
    ("audio", "format_name", "treatment", "container"),
    [
        (AUDIO, "mov", COPY, Container.M4A),
        (AUDIO, "aac", COPY, Container.M4A),
        (replace(AUDIO, codec="mp3"), "mp3", COPY, Container.MP3),
        (replace(AUDIO, codec="mp3", channels=6), "mp3", TRANSCODE, Container.M4A),
        (replace(AUDIO, codec="amr_nb"), "amr", TRANSCODE, Container.M4A),
        (replace(AUDIO, codec="pcm_s16le"), "wav", TRANSCODE, Container.M4A),
    ],
)
def test_sound_alone_becomes_a_recording(audio, format_name, treatment, container):
    made = plan(replace(PROBE, video=None, audio=audio, format_name=format_name))
    assert (made.kind, made.video, made.audio, made.container) == ("audio", NONE, treatment, container)


def test_what_is_too_large_is_made_anew_and_fits():
    made = plan(reduce_to_bytes=10_000_000)
    assert made.video is TRANSCODE
    assert made.reasons == ("oversize",)
    most = (made.bit_rate + AUDIO.bit_rate) * PROBE.duration_seconds / 8 + made.bit_rate / 8
    assert most <= 10_000_000


def test_a_large_limit_does_not_raise_the_rate():
    made = plan(replace(PROBE, size_bytes=1 << 40), reduce_to_bytes=1 << 39)
    assert made.bit_rate == PROFILE.peak_bit_rate


def test_neither_picture_nor_sound_is_damage():
    with pytest.raises(SourceDamaged):
        plan(replace(PROBE, video=None, audio=None))


@pytest.mark.parametrize(
    ("size", "fitted"),
    [
        ((1920, 1080), (1920, 1080)),
        ((1080, 1920), (1080, 1920)),
        ((3840, 2160), (1920, 1080)),
        ((2160, 3840), (1080, 1920)),
        ((4000, 3000), (1440, 1080)),
        ((640, 360), (640, 360)),
        ((641, 361), (640, 360)),
        ((10_000, 10), (1920, 2)),
        ((1, 1), (2, 2)),
    ],
)
def test_sizes_fit_whichever_way_up(size, fitted):
    assert fit_size(size, PROFILE) == fitted


def test_a_picture_without_size_is_damage():
    with pytest.raises(SourceDamaged):
        fit_size((0, 1080), PROFILE)


@pytest.mark.parametrize(
    ("rate", "fitted"),
    [
        (None, None),
        (Fraction(25), None),
        (Fraction(30), None),
        (Fraction(3002, 100), None),
        (Fraction(50), Fraction(25)),
        (Fraction(60_000, 1001), Fraction(30_000, 1001)),
        (Fraction(240), Fraction(30)),
    ],
)
def test_frames_are_halved_never_blended(rate, fitted):
    assert fit_frame_rate(rate, 30) == fitted
