import pytest
from pydantic import ValidationError

from config.profiles import TABLE, X264, load_profiles
from config.settings import Settings


def test_the_reading_copy_is_what_browsers_play():
    profile = load_profiles().video["review-1080p"]
    assert (profile.long_edge, profile.short_edge, profile.frame_rate) == (1920, 1080, 30)
    assert (
        profile.copy_bit_rate <= profile.peak_bit_rate <= 25_000_000
    )  # H.264 table A-1: high profile, level 4


def test_an_unknown_field_is_an_error(tmp_path):
    table = tmp_path / "profiles.toml"
    table.write_text("[pictures]\nthumbnail_edge = 1\nsurprise = 2\n[video]\n")
    with pytest.raises(TypeError):
        load_profiles(table)


def test_a_film_for_slow_networks_fits_into_a_megabit_with_its_sound():
    profile = load_profiles().video["review-480p"]
    assert profile.peak_bit_rate + profile.audio_bit_rate <= 1_000_000
    assert profile.copy_bit_rate + profile.copy_audio_bit_rate <= 1_000_000


def test_what_the_encoder_cannot_do_is_done_by_the_one_of_another_profile(tmp_path):
    profiles = load_profiles().video
    assert profiles["review-1080p-av1"].fallback == profiles["review-1080p"].encoder
    assert profiles["review-480p"].fallback == profiles["review-480p"].encoder
    assert isinstance(profiles["review-480p"].fallback, X264)
    alone = TABLE.read_text(encoding="utf-8").replace('fallback = "review-1080p"\n', "")
    (tmp_path / "profiles.toml").write_text(alone)
    with pytest.raises(TypeError, match="review-1080p-av1 needs x264"):
        load_profiles(tmp_path / "profiles.toml")


def test_a_profile_that_is_not_in_the_table_is_refused_at_the_start(monkeypatch):
    monkeypatch.setenv("INTAKE_VIDEO_PROFILE", "review-480p")
    assert Settings().video_profile == "review-480p"
    monkeypatch.setenv("INTAKE_VIDEO_PROFILE", "review-4k")
    with pytest.raises(ValidationError, match="only review-1080p, review-480p, review-1080p-av1"):
        Settings()
