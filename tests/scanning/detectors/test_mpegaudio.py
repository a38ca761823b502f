import pytest

from tests.scanning import samples, streams

FRAMES = streams.mp3_frame() * 12


@pytest.mark.parametrize(
    "tags",
    [
        b"",
        b"TAG".ljust(128, b"\0"),
        b"APETAGEX" + (2000).to_bytes(4, "little") + (64).to_bytes(4, "little") + bytes(16) + bytes(32),
        b"LYRICSBEGIN words LYRICS200" + b"TAG".ljust(128, b"\0"),
        streams.tag_of_id3(200),
    ],
    ids=["none", "ID3v1", "APE", "lyrics", "ID3v2"],
)
def test_tags_behind_the_sound_are_part_of_the_file(examine, tags):
    assert examine(FRAMES + tags, "mp3")["flags"] == ()


def test_a_picture_in_the_tag_before_the_sound_is_stepped_over(examine):
    tag = b"ID3\x03\0\0\0\0\x7f\x7f" + samples.picture("JPEG").ljust(16_383, b"\0")
    for filling in (b"", bytes(300), b" ", b" \xff\xfb "):
        assert examine(tag + filling + FRAMES, "mp3")["type"] == "mp3"


def test_lost_bytes_between_frames_are_flagged(examine):
    found = examine(FRAMES + b"\xff\xfb\x90lost" + FRAMES, "mp3")
    assert (found["accepted"], found["flags"]) == (True, ("repaired",))


def test_a_file_that_is_mostly_something_else_is_held(examine):
    assert examine(FRAMES + b"\x01\x02" * 10_000, "mp3")["code"] == "held_damaged"


def test_a_program_behind_the_sound_is_held(examine):
    assert examine(FRAMES + samples.program(), "mp3")["code"] == "held_suspicious"


@pytest.mark.parametrize(
    "content",
    [
        FRAMES[:417],
        streams.mp3_frame() * 3 + b"\x01\x02unknown",
        # Layer II, a reserved version, a reserved sampling rate, a reserved bit rate.
        *((first + bytes(413)) * 12 for first in (b"\xff\xfd\x90\0", b"\xff\xeb\x90\0", b"\xff\xfb\x9c\0")),
        (b"\xff\xfb\xf0\0" + bytes(413)) * 12,
        streams.tag_of_id3(300),
        streams.tag_of_id3(300) + b"fLaC" + bytes(5000),
    ],
)
def test_what_only_begins_like_mp3_is_not_taken_for_it(examine, content):
    assert examine(content, "mp3")["code"] == "content_unknown"
