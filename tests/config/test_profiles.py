import pytest

from config.profiles import load_profiles


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
