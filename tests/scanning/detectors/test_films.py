"""Films and recordings as a real encoder writes them."""

import subprocess
from pathlib import Path

import pytest

PICTURE = ["-f", "lavfi", "-i", "testsrc=size=160x120:rate=10:duration=1"]
SOUND = ["-f", "lavfi", "-i", "sine=duration=1"]
#: Extension, inputs, and how the encoder is told to write it.
WAYS = {
    "index at the end": ("mp4", [*PICTURE, *SOUND], []),
    "index first": ("mp4", [*PICTURE, *SOUND], ["-movflags", "+faststart"]),
    "fragments": ("mp4", PICTURE, ["-movflags", "frag_keyframe+empty_moov"]),
    "QuickTime": ("mov", [*PICTURE, *SOUND], []),
    "old phone": ("3gp", PICTURE, ["-c:v", "mpeg4"]),
    "other old phone": ("3g2", PICTURE, ["-c:v", "mpeg4"]),
    "recording": ("m4a", SOUND, []),
    "Matroska": ("mkv", [*PICTURE, *SOUND], []),
    "AVI": ("avi", [*PICTURE, *SOUND], []),
    "WAV": ("wav", SOUND, []),
    "large WAV": ("wav", SOUND, ["-rf64", "always"]),
    "AIFF": ("aiff", SOUND, []),
    "Windows Media": ("wmv", [*PICTURE, *SOUND], []),
}
#: The same for formats that do not say where they end.
ENDLESS_WAYS = {
    "Flash": ("flv", [*PICTURE, *SOUND], ["-ar", "44100"]),
    "camcorder": ("mts", [*PICTURE, *SOUND], ["-f", "mpegts", "-mpegts_m2ts_mode", "1"]),
    "broadcast": ("mpg", [*PICTURE, *SOUND], ["-f", "mpegts"]),
    "MPEG-1": ("mpg", [*PICTURE, *SOUND], ["-r", "25"]),
    "MPEG-2": ("mpg", [*PICTURE, *SOUND], ["-r", "25", "-f", "vob"]),
    "MPEG pictures alone": ("mpg", PICTURE, ["-r", "25", "-f", "mpeg2video"]),
    "AAC": ("aac", SOUND, []),
    "MP3 of constant rate": ("mp3", SOUND, ["-write_xing", "0"]),
    "MP3 of variable rate": ("mp3", SOUND, ["-q:a", "4", "-id3v2_version", "3", "-write_id3v1", "1"]),
    "MP3 at a low rate": ("mp3", SOUND, ["-ar", "11025", "-b:a", "16k"]),
}


def encode(folder: Path, extension: str, inputs: list[str], options: list[str]) -> bytes:
    target = folder / f"made.{extension}"
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *inputs, *options, target], check=True, timeout=60)
    return target.read_bytes()


@pytest.mark.parametrize("way", WAYS)
def test_what_an_encoder_writes_is_accepted_whole_and_damaged_when_cut(examine, tmp_path, way):
    extension, inputs, options = WAYS[way]
    content = encode(tmp_path, extension, inputs, options)
    assert examine(content, extension)["accepted"]
    for share in (0.1, 0.6, 0.99):
        assert examine(content[: int(len(content) * share)], extension)["code"] == "damaged", share


@pytest.mark.parametrize("way", ENDLESS_WAYS)
def test_what_an_encoder_writes_without_an_end_is_accepted_whole(examine, tmp_path, way):
    extension, inputs, options = ENDLESS_WAYS[way]
    found = examine(encode(tmp_path, extension, inputs, options), extension)
    assert (found["accepted"], found.get("flags")) == (True, ())


def test_an_mp3_that_says_how_long_it_is_and_is_shorter_is_held(examine, tmp_path):
    content = encode(tmp_path, "mp3", SOUND, ["-q:a", "4"])
    assert examine(content[: len(content) * 6 // 10], "mp3")["code"] == "held_damaged"


@pytest.mark.parametrize(("extension", "container"), [("mkv", "matroska"), ("wav", "wav")])
def test_a_live_recording_that_never_learnt_its_size_is_accepted(examine, extension, container):
    command = ["ffmpeg", "-nostdin", "-v", "error", *SOUND, "-f", container, "pipe:1"]
    content = subprocess.run(command, check=True, timeout=60, capture_output=True).stdout
    assert examine(content, extension)["accepted"]
