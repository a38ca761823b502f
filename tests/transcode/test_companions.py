"""What accompanies a film: chapters and captions stay; who, where, when and with what does not."""

import pytest

from tests.transcode.making import make, output_of, streams
from tests.transcode.samples import ffmpeg, film

CAPTIONS = "1\n00:00:00,500 --> 00:00:01,500\nGuten Tag\n\n2\n00:00:02,000 --> 00:00:02,500\nAdieu\n"
CHAPTERS = (
    ";FFMETADATA1\ntitle=Maria Muster\n"
    "[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\ntitle=First dance\n"
    "[CHAPTER]\nTIMEBASE=1/1000\nSTART=1000\nEND=3000\ntitle=Second dance\n"
)
SECRETS = {
    "title": "Maria Muster", "artist": "Mustermann", "comment": "Room 7b", "location": "+51.5000-000.1000/",
    "make": "Kodachrome", "model": "X-1000-S", "com.apple.quicktime.location.ISO6709": "+48.1000+011.5000/",
    "creation_time": "2019-03-04T05:06:07Z",
}  # fmt: skip
ANEW = ("-c:v", "mpeg4")
COPIED = ("-c:v", "libx264", "-pix_fmt", "yuv420p")


def accompanied(path, companion, *options):
    plain = film(path.with_name("plain.mkv"), "-c:v", "rawvideo")
    ffmpeg("-i", plain, "-i", companion, *options, path)
    return path


@pytest.mark.parametrize("options", [ANEW, COPIED], ids=["anew", "copied"])
@pytest.mark.parametrize("name", ["a.mkv", "a.mp4"])
async def test_chapters_keep_their_times_and_names(tmp_path, options, name):
    (tmp_path / "chapters").write_text(CHAPTERS)
    source = accompanied(tmp_path / name, tmp_path / "chapters", "-map_metadata", 1, "-map", 0, *options)
    made, _ = await make(source, tmp_path / "out")
    said = output_of("ffprobe", "-v", "error", "-show_chapters", "-of", "flat", made.path).decode()
    found = [
        line.partition("=")[2].strip('"') for line in said.splitlines() if "_time" in line or "title" in line
    ]
    assert found == ["0.000000", "1.000000", "First dance", "1.000000", "3.000000", "Second dance"]
    assert b"Maria" not in made.path.read_bytes()


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mkv", "subrip"), ("a.mkv", "ass"), ("a.mp4", "mov_text"), ("a.mov", "mov_text")]
)
@pytest.mark.parametrize("options", [ANEW, COPIED], ids=["anew", "copied"])
async def test_captions_keep_their_words_times_and_language(tmp_path, name, codec, options):
    (tmp_path / "words.srt").write_text(CAPTIONS)
    words = ("-map", 0, "-map", 1, "-c:s", codec, "-metadata:s:s", "language=ger")
    source = accompanied(tmp_path / name, tmp_path / "words.srt", *words, *options)
    made, _ = await make(source, tmp_path / "out")
    (track,) = streams(made.path, "s")
    assert (track["codec_name"], track["tags"]["language"]) == ("mov_text", "ger")
    ffmpeg("-i", made.path, "-map", "0:s", tmp_path / "out.srt")
    assert (tmp_path / "out.srt").read_text().split() == CAPTIONS.split()


async def test_captions_that_outlast_the_film_by_far_are_left_to_the_original(tmp_path):
    (tmp_path / "words.srt").write_text(f"{CAPTIONS}\n3\n01:00:00,000 --> 01:00:01,000\nStill there?\n")
    source = accompanied(tmp_path / "a.mkv", tmp_path / "words.srt", "-map", 0, "-map", 1, *COPIED)
    made, _ = await make(source, tmp_path / "out")
    assert made.duration_seconds == pytest.approx(3, abs=0.1)
    assert streams(made.path, "s") == []


async def test_captions_that_lie_between_the_frames_stay_there(tmp_path):
    source = closed_captions(tmp_path)
    made, _ = await make(source, tmp_path / "out")
    shown = ("ffprobe", "-v", "error", "-select_streams", "v", "-show_frames", "-of", "compact")
    before, after = (output_of(*shown, path).decode().count("ATSC A53") for path in (source, made.path))
    assert before == after == 20


def closed_captions(folder):
    """Put CEA-708 data into each frame of a film that has to be made anew (ATSC A/53 part 4, 6.2.3)."""
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=320x240:r=10:d=2", "-pix_fmt", "yuv422p", "-bf", 0, "-slices", 1,
           "-x264-params", "sliced-threads=0", folder / "a.h264")  # fmt: skip
    words = bytes((0x03, 0xC0 | 0x20 | 1, 0xFF, 0xFC, 0xC8, 0xE9, 0xFF))  # "Hi" with odd parity, in field 1
    message = b"\xb5\x00\x31GA94" + words
    sei = b"\x00\x00\x01\x06\x04" + bytes((len(message),)) + message + b"\x80"
    out = b""
    for unit in (folder / "a.h264").read_bytes().split(b"\x00\x00\x01")[1:]:
        out += (sei if unit[0] & 0x1F in {1, 5} else b"") + b"\x00\x00\x01" + unit
    (folder / "b.h264").write_bytes(out)
    ffmpeg("-r", 10, "-i", folder / "b.h264", "-c", "copy", folder / "captioned.mp4")
    return folder / "captioned.mp4"


@pytest.mark.parametrize("options", [ANEW, COPIED], ids=["anew", "copied"])
@pytest.mark.parametrize("name", ["a.mov", "a.mp4", "a.mkv"])
async def test_nothing_tells_where_when_and_with_what_it_was_filmed(tmp_path, name, options):
    said = [word for key, value in SECRETS.items() for word in ("-metadata", f"{key}={value}")]
    tracks = ("-metadata:s:v", "handler_name=Kodachrome", "-metadata:s:v", "title=Mustermann",
              "-metadata:s:v", "timecode=01:02:03:04")  # fmt: skip
    source = film(tmp_path / name, *said, *tracks, *options, "-movflags", "use_metadata_tags")
    assert b"Kodachrome" in source.read_bytes()
    made, _ = await make(source, tmp_path / "out")
    content = made.path.read_bytes()
    for secret in SECRETS.values():
        assert secret.encode() not in content
    shown = output_of(
        "ffprobe", "-v", "error", "-show_format", "-show_streams", "-of", "flat", made.path
    ).decode()
    assert "creation_time" not in shown
    assert "timecode" not in shown
