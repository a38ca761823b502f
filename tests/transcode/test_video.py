import asyncio
import time
from pathlib import Path

import pytest

from tests.transcode.making import frame_hashes, make
from tests.transcode.processes import descendants, until
from tests.transcode.samples import cut, ffmpeg, film, phone_film, picture, sound
from transcode.errors import SourceDamaged
from transcode.plan import Treatment
from transcode.probe import probe
from transcode.sandbox import SandboxKind


def boxes(path: Path) -> list[bytes]:
    content, at, names = path.read_bytes(), 0, []
    while at < len(content):
        names.append(content[at + 4 : at + 8])
        at += int.from_bytes(content[at : at + 4], "big")
    return names


async def test_a_phones_film_becomes_upright_h264_with_its_index_in_front(tmp_path, kind):
    source = phone_film(tmp_path / "phone.mp4")
    told: list[tuple[float, float | None]] = []
    made, plan = await make(source, tmp_path / "out", kind=kind, told=told)
    assert plan.reasons == ("rotated",)
    assert (made.kind, made.media_type) == ("video", "video/mp4")
    assert (made.width, made.height) == (360, 640)
    found = await probe(made.path)
    assert (found.video.rotation, found.video.codec, found.video.pixel_format) == (0, "h264", "yuv420p")
    assert found.video.frames == 90
    assert found.audio.codec == "aac"
    assert abs(found.duration_seconds - 3) < 0.05
    assert boxes(made.path).index(b"moov") < boxes(made.path).index(b"mdat")
    assert b"+51.5" not in made.path.read_bytes()
    assert made.command[0] == "ffmpeg"
    assert made.tools["ffmpeg"] == found.version
    assert str(tmp_path) not in " ".join(made.command) or kind is SandboxKind.LIMITS
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


async def test_what_a_browser_plays_is_copied_bit_by_bit_without_its_metadata(tmp_path):
    source = film(tmp_path / "film.mp4", "-pix_fmt", "yuv420p", "-metadata", "title=Name of a candidate")
    made, plan = await make(source, tmp_path / "out")
    assert (plan.video, plan.audio) == (Treatment.COPY, Treatment.COPY)
    assert frame_hashes(made.path, "-c", "copy") == frame_hashes(source, "-c", "copy")
    assert b"candidate" not in made.path.read_bytes()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mkv", ("-pix_fmt", "yuv420p")),
        ("a.avi", ()),
        ("a.flv", ()),
        ("a.wmv", ()),
        ("a.mpg", ()),
        ("a.ts", ()),
        ("a.3gp", ("-s", "352x288", "-c:a", "aac", "-c:v", "h263")),
        ("a.mov", ("-c:v", "mjpeg", "-c:a", "pcm_s16le")),
        ("hevc.mp4", ("-c:v", "libx265", "-x265-params", "log-level=none", "-pix_fmt", "yuv420p10le")),
    ],
)
async def test_every_kind_of_film_becomes_playable(tmp_path, name, options):
    made, _ = await make(film(tmp_path / name, *options), tmp_path / "out")
    found = await probe(made.path)
    assert (found.format_name, found.video.codec, found.video.pixel_format) == ("mov", "h264", "yuv420p")
    assert abs(found.duration_seconds - 3) < 0.1
    assert abs(found.video.frames - 90) <= 2
    assert found.audio is not None


@pytest.mark.parametrize(
    ("name", "options", "media_type"),
    [
        ("a.wav", (), "audio/mp4"),
        ("a.aiff", (), "audio/mp4"),
        ("a.aac", (), "audio/mp4"),
        ("a.m4a", (), "audio/mp4"),
        ("a.mp3", (), "audio/mpeg"),
    ],
)
async def test_every_kind_of_recording_becomes_playable(tmp_path, name, options, media_type):
    ffmpeg(*sound(), *options, tmp_path / name)
    made, _ = await make(tmp_path / name, tmp_path / "out")
    assert (made.kind, made.media_type, made.width) == ("audio", media_type, None)
    assert abs(made.duration_seconds - 3) < 0.3


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi", "a.flv", "a.wmv", "a.aiff", "a.mp3"])
@pytest.mark.parametrize("share", [0.5, 0.85])
async def test_a_film_cut_short_is_never_called_whole(tmp_path, name, share):
    whole = tmp_path / name
    if name in {"a.aiff", "a.mp3"}:
        ffmpeg(*sound(), whole)
    else:
        film(whole, "-movflags", "+faststart") if name == "a.mp4" else film(whole)
    with pytest.raises(SourceDamaged):
        await make(cut(whole, share), tmp_path / "out")


@pytest.mark.parametrize("codec", ["copied", "made anew"])
async def test_a_film_with_bytes_overwritten_is_damaged(tmp_path, codec):
    size = ("-vf", "scale=640:360") if codec == "copied" else ("-vf", "scale=640:360,setsar=4/3")
    source = film(tmp_path / "film.mp4", "-pix_fmt", "yuv420p", "-movflags", "+faststart", *size)
    content = bytearray(source.read_bytes())
    for at in range(len(content) // 3, len(content) - 400, 3000):
        content[at : at + 300] = bytes(value ^ 0x5A for value in content[at : at + 300])
    source.write_bytes(content)
    with pytest.raises(SourceDamaged):
        await make(source, tmp_path / "out")


async def test_fast_films_lose_every_second_frame_and_no_time(tmp_path):
    made, plan = await make(film(tmp_path / "film.avi", rate="60000/1001"), tmp_path / "out")
    found = await probe(made.path)
    assert float(plan.frame_rate) == pytest.approx(29.97, abs=0.01)
    assert found.video.frames == pytest.approx(90, abs=2)
    assert found.duration_seconds == pytest.approx(3, abs=0.1)


async def test_a_film_without_sound_and_one_of_a_single_frame_are_films(tmp_path):
    ffmpeg(*picture(), "-c:v", "mpeg4", tmp_path / "mute.avi")
    made, plan = await make(tmp_path / "mute.avi", tmp_path / "out")
    assert plan.audio is Treatment.NONE
    ffmpeg(*picture(), "-frames:v", 1, "-c:v", "mpeg4", tmp_path / "one.avi")
    made, _ = await make(tmp_path / "one.avi", tmp_path / "out2")
    assert (await probe(made.path)).video.frames == 1


async def test_a_cancelled_film_leaves_no_process(tmp_path, kind):
    source = film(tmp_path / "long.avi", seconds=20, size="1280x720")
    before, told = descendants(), []
    task = asyncio.create_task(make(source, tmp_path / "out", kind=kind, told=told))
    await until(lambda: told)
    begun = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - begun < 5
    assert descendants() <= before
