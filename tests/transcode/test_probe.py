from fractions import Fraction

import pytest

from tests.transcode.samples import cut, ffmpeg, film, phone_film, picture, sound
from transcode.errors import SourceDamaged, SourceRefused
from transcode.probe import parse_probe, probe

APPLE = {"captured": {"device": "Apple iPhone 13"}}


def test_what_is_not_said_is_none():
    found = parse_probe({"streams": [{"index": 0, "codec_type": "video"}], "format": {}})
    assert found.duration_seconds is None
    assert found.video.frame_rate is None
    assert found.video.pixel_aspect == 1
    assert found.audio is None


def test_cover_art_is_no_film():
    cover = {"index": 0, "codec_type": "video", "disposition": {"attached_pic": 1}}
    assert parse_probe({"streams": [cover], "format": {}}).video is None


@pytest.mark.parametrize(
    ("said", "rotation"), [(0, 0), (-90, 90), (90, 270), (180, 180), (-180, 180), (-89.99, 90), (270, 90)]
)
def test_rotation_is_clockwise(said, rotation):
    stream = {"index": 0, "codec_type": "video", "side_data_list": [{"rotation": said}]}
    assert parse_probe({"streams": [stream]}).video.rotation == rotation


@pytest.mark.parametrize("nonsense", ["", "N/A", "-1", "nan", "inf", "1e999", "0/0", "9" * 400, None, [], {}])
def test_nonsense_is_not_believed(nonsense):
    names = ("width", "nb_frames", "duration", "avg_frame_rate", "sample_aspect_ratio", "bit_rate")
    stream = {"index": 0, "codec_type": "video"} | dict.fromkeys(names, nonsense)
    found = parse_probe({"streams": [stream], "format": {"duration": nonsense, "size": nonsense}})
    assert found.video.frame_rate is None
    assert found.video.pixel_aspect == Fraction(1)
    assert found.duration_seconds is None


def test_matroska_keeps_a_streams_length_in_a_tag():
    stream = {"index": 0, "codec_type": "audio", "tags": {"DURATION": "01:02:03.500000000"}}
    assert parse_probe({"streams": [stream]}).audio.duration_seconds == 3723.5


async def test_a_phones_film_is_turned(tmp_path, kind):
    found = await probe(phone_film(tmp_path / "phone.mp4"), kind=kind)
    assert found.format_name == "mov"
    assert found.video.rotation in {90, 270}
    assert found.video.display_size == (360, 640)
    assert found.video.frames == 90
    assert found.audio.codec == "aac"
    assert found.version


async def test_a_length_that_is_guessed_is_known_as_a_guess(tmp_path):
    ffmpeg(*sound(), tmp_path / "a.aac")
    assert (await probe(tmp_path / "a.aac")).duration_estimated
    ffmpeg(*sound(), tmp_path / "a.wav")
    assert not (await probe(tmp_path / "a.wav")).duration_estimated


@pytest.mark.parametrize(
    ("tags", "noted"),
    [
        ({}, {}),
        (
            {"com.apple.quicktime.creationdate": "2026-06-01T10:15:00+0100", "creation_time": "later"},
            {"captured": {"at": "2026-06-01T10:15:00+0100"}},
        ),
        ({"com.apple.quicktime.make": "Apple", "com.apple.quicktime.model": "iPhone 13"}, APPLE),
        ({"location": "+51.5000-000.1000/"}, {"captured": {"place": "+51.5000-000.1000/"}}),
        ({"MAKE": "Apple\n", "model": " iPhone 13\x1b"}, APPLE),
        ({"make": "x" * 1000}, {"captured": {"device": "x" * 100}}),
    ],
)
def test_what_the_device_noted_of_a_film_is_plain_text(tags, noted):
    assert parse_probe({"format": {"tags": tags}}).noted == noted


async def test_a_film_that_no_decoder_opens_is_damaged(tmp_path):
    unopened = film(tmp_path / "film.mov", "-c:v", "rawvideo", "-pix_fmt", "yuv420p", seconds=0.2)
    with pytest.raises(SourceDamaged, match="cannot be read"):
        await probe(unopened)


async def test_a_film_without_its_index_is_damaged(tmp_path):
    with pytest.raises(SourceDamaged, match="cut off"):
        await probe(cut(film(tmp_path / "film.mp4")))


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 5000, b"plain words\n" * 500, b"\xff\xd8\xff\xe0" + bytes(200)]
)
async def test_what_is_no_film_is_no_film(tmp_path, content):
    (tmp_path / "film.mp4").write_bytes(content)
    with pytest.raises((SourceDamaged, SourceRefused)):
        await probe(tmp_path / "film.mp4")


@pytest.mark.parametrize("name", ["-i.mp4", "a%03d.mp4", "a\nb.mp4", "concat:a|b.mp4", "ü\u202e.mp4"])
async def test_hostile_names_are_only_names(tmp_path, kind, name):
    assert (await probe(film(tmp_path / "f.mp4").rename(tmp_path / name), kind=kind)).video.frames == 90


@pytest.mark.parametrize(
    "text",
    [
        "ffconcat version 1.0\nfile marker.ts\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{folder}/marker.ts\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nfile://{folder}/marker.ts\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nmarker.ts\n#EXT-X-ENDLIST\n",
    ],
)
async def test_a_list_that_names_a_sibling_is_never_followed(tmp_path, kind, text):
    ffmpeg(*picture(), "-c:v", "mpeg2video", tmp_path / "marker.ts")
    (tmp_path / "film.mp4").write_text(text.format(folder=tmp_path))
    with pytest.raises((SourceDamaged, SourceRefused)):
        await probe(tmp_path / "film.mp4", kind=kind)


async def test_subtitles_and_covers_do_not_hide_the_film(tmp_path):
    (tmp_path / "a.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nwords\n")
    ffmpeg(*picture(1), "-frames:v", 1, tmp_path / "cover.png")
    path = tmp_path / "film.mkv"
    ffmpeg(*picture(), "-i", tmp_path / "a.srt", "-map", 0, "-map", 1, "-c:s", "srt", path)
    assert (await probe(path)).video is not None
    path = tmp_path / "sound.m4a"
    ffmpeg(*sound(), "-i", tmp_path / "cover.png", "-map", 0, "-map", 1, "-c:v", "png",
           "-disposition:v", "attached_pic", path)  # fmt: skip
    found = await probe(path)
    assert found.video is None
    assert found.audio.codec == "aac"
