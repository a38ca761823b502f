"""Every track and channel is heard, as loud as it was."""

import pytest

from tests.transcode.making import loudness, make, streams
from tests.transcode.samples import ffmpeg, picture
from transcode.plan import Treatment

#: A sine of ffmpeg has an amplitude of 1/8.
SINE = -21.07
SILENT = -60
FILM = (*picture(2), "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


def tone(hertz: int = 440) -> tuple[str, ...]:
    return ("-f", "lavfi", "-i", f"sine={hertz}:r=48000:d=2")


def channels(layout: str, heard: str) -> str:
    """Return the filter that puts the tone into one channel of a layout."""
    return f"pan={layout}|{heard}=c0"


@pytest.mark.parametrize("codec", ["pcm_s16le", "flac", "ac3"])
async def test_one_microphone_stays_one_and_as_loud(tmp_path, codec):
    ffmpeg(*picture(2), *tone(), "-c:v", "mpeg4", "-ac", 1, "-c:a", codec, tmp_path / "a.mkv")
    made, plan = await make(tmp_path / "a.mkv", tmp_path / "out")
    assert plan.channels == 1
    assert loudness(made.path) == pytest.approx([SINE], abs=0.5)


@pytest.mark.parametrize(
    ("heard", "left", "right"),
    [
        ("FL", SINE, SILENT),
        ("FR", SILENT, SINE),
        ("FC", SINE - 3, SINE - 3),
        ("BL", SINE - 3, SILENT),
        ("BR", SILENT, SINE - 3),
    ],
)
@pytest.mark.parametrize("codec", ["pcm_s16le", "ac3"])
async def test_five_channels_are_heard_in_two_at_their_loudness(tmp_path, codec, heard, left, right):
    ffmpeg(*picture(2), *tone(), "-c:v", "mpeg4", "-af", channels("5.1", heard),
           "-c:a", codec, "-b:a", "448k", tmp_path / "a.mkv")  # fmt: skip
    made, _ = await make(tmp_path / "a.mkv", tmp_path / "out")
    found = loudness(made.path)
    for level, wanted in zip(found, (left, right), strict=True):
        assert level < SILENT + 10 if wanted == SILENT else level == pytest.approx(wanted, abs=1), found


async def test_five_loud_channels_do_not_distort(tmp_path):
    loud = "volume=18dB,pan=5.1|FL=c0|FR=c0|FC=c0|BL=c0|BR=c0"
    ffmpeg(*picture(2), *tone(), "-c:v", "mpeg4", "-af", loud, "-c:a", "pcm_s16le", tmp_path / "a.mkv")
    made, _ = await make(tmp_path / "a.mkv", tmp_path / "out")
    assert -5 < max(loudness(made.path)) < -2.9, "a whole sine is at -3, one with its tops cut off above"


#: What makes of one channel what its track is called.
RELABEL = {
    "mono": "anull",
    "stereo": "pan=stereo|c0=c0|c1=c0",
    "FL": "channelmap=0:FL",
    "FR": "channelmap=0:FR",
}


@pytest.mark.parametrize("layouts", [("mono", "mono"), ("FL", "FR"), ("mono", "stereo")])
async def test_each_of_several_tracks_is_heard(tmp_path, layouts):
    relabel = [RELABEL[name] for name in layouts]
    ffmpeg(*FILM[:4], *tone(440), *tone(3000), "-filter_complex",
           f"[1:a]{relabel[0]}[a];[2:a]{relabel[1]}[b]", "-map", "0:v", "-map", "[a]", "-map", "[b]",
           "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "pcm_s16le", tmp_path / "two.mov")  # fmt: skip
    assert len(streams(tmp_path / "two.mov", "a")) == 2
    made, plan = await make(tmp_path / "two.mov", tmp_path / "out")
    assert (plan.video, plan.audio) == (Treatment.COPY, Treatment.TRANSCODE)
    (track,) = streams(made.path, "a")
    assert track["codec_name"] == "aac"
    assert max(loudness(made.path)) == pytest.approx(SINE - 3, abs=1), "two tones, each at half"
    for hertz in (440, 3000):
        assert tone_level(made.path, hertz, tmp_path) == pytest.approx(SINE - 6, abs=1.5), hertz


def tone_level(path, hertz: int, folder) -> float:
    narrow = folder / f"{hertz}.wav"
    ffmpeg("-i", path, "-vn", "-af", f"bandpass=f={hertz}:t=h:w=60,bandpass=f={hertz}:t=h:w=60", narrow)
    return max(loudness(narrow))


async def test_a_track_that_nobody_can_decode_is_no_obstacle(tmp_path):
    ffmpeg(*FILM[:4], *tone(), *tone(3000), "-map", 0, "-map", 1, "-map", 2, "-c:v", "libx264",
           "-pix_fmt", "yuv420p", "-c:a", "aac", tmp_path / "two.mp4")  # fmt: skip
    content = bytearray((tmp_path / "two.mp4").read_bytes())
    for name, instead in ((b"mp4a", b"apac"), (b"esds", b"dapa")):
        at = content.rindex(name)
        content[at : at + 4] = instead
    (tmp_path / "two.mp4").write_bytes(content)
    made, plan = await make(tmp_path / "two.mp4", tmp_path / "out")
    assert plan.audio is Treatment.COPY
    assert loudness(made.path) == pytest.approx([SINE], abs=1)


async def test_a_film_without_sound_has_none_afterwards(tmp_path):
    ffmpeg(*picture(1), "-c:v", "mpeg4", tmp_path / "mute.mkv")
    made, plan = await make(tmp_path / "mute.mkv", tmp_path / "out")
    assert plan.audio is Treatment.NONE
    assert streams(made.path, "a") == []


async def test_the_same_sound_on_both_sides_stays_on_both_sides(tmp_path):
    ffmpeg(*tone(), "-af", "pan=stereo|c0=c0|c1=c0", "-c:a", "pcm_s24le", tmp_path / "dual.wav")
    made, _ = await make(tmp_path / "dual.wav", tmp_path / "out")
    assert loudness(made.path) == pytest.approx([SINE, SINE], abs=0.5)
