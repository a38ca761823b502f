import asyncio
import subprocess
import time
from pathlib import Path

import pytest

from config.profiles import load_profiles
from tests.transcode.processes import descendants, until
from tests.transcode.samples import cut, ffmpeg, film, phone_film, picture, sound
from transcode.errors import SourceDamaged
from transcode.made import Made
from transcode.plan import Plan, Treatment, make_plan
from transcode.probe import probe
from transcode.sandbox import SandboxKind
from transcode.video import transcode

PROFILE = load_profiles().video["review-1080p"]


async def make(
    source: Path,
    folder: Path,
    *,
    reduce_to_bytes: int = 0,
    kind: SandboxKind | None = None,
    told: list | None = None,
) -> tuple[Made, Plan]:
    await asyncio.to_thread(folder.mkdir, exist_ok=True)
    found = await probe(source, kind=kind)
    plan = make_plan(found, PROFILE, size_bytes=found.size_bytes, reduce_to_bytes=reduce_to_bytes)
    said = told if told is not None else []
    made = await transcode(source, folder, found, plan, PROFILE, lambda *what: said.append(what), kind=kind)
    return made, plan


def frame_hashes(path: Path, *options: str) -> list[str]:
    argv = ["ffmpeg", "-loglevel", "error", "-i", path, "-map", "0:v", *options, "-f", "framemd5", "-"]
    lines = subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60).stdout.splitlines()
    return [line.split(",")[-1].strip() for line in lines if not line.startswith("#")]


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


async def test_frames_of_a_progressive_film_keep_their_own_times(tmp_path):
    irregular = "setpts='(N/30+0.013*mod(N,3))/TB'"
    source = film(tmp_path / "film.mkv", "-filter:v", irregular, "-fps_mode", "passthrough", "-c:v", "mpeg4")
    made, _ = await make(source, tmp_path / "out")

    def times(path: Path) -> list[float]:
        argv = [
            "ffprobe",
            "-v",
            "error",
            "-select_streams",
            "v",
            "-show_entries",
            "packet=pts_time",
            "-of",
            "csv=p=0",
        ]
        said = subprocess.run([*argv, path], check=True, capture_output=True, text=True, timeout=30).stdout
        return sorted(float(line.strip(",")) for line in said.split())

    before, after = times(source), times(made.path)
    assert len(before) == len(after)
    assert max(abs((a - after[0]) - (b - before[0])) for a, b in zip(after, before, strict=True)) < 0.001


async def test_fast_films_lose_every_second_frame_and_no_time(tmp_path):
    made, plan = await make(film(tmp_path / "film.avi", rate="60000/1001"), tmp_path / "out")
    found = await probe(made.path)
    assert float(plan.frame_rate) == pytest.approx(29.97, abs=0.01)
    assert found.video.frames == pytest.approx(90, abs=2)
    assert found.duration_seconds == pytest.approx(3, abs=0.1)


async def test_what_is_too_large_fits_afterwards(tmp_path):
    ffmpeg("-f", "lavfi", "-i", "nullsrc=s=640x360:r=30:d=3,geq=random(1)*255:128:128", *sound(),
           "-pix_fmt", "yuv420p", "-preset", "ultrafast", "-crf", 12, tmp_path / "film.mp4")  # fmt: skip
    limit = 700_000
    assert (tmp_path / "film.mp4").stat().st_size > 3 * limit
    made, plan = await make(tmp_path / "film.mp4", tmp_path / "out", reduce_to_bytes=limit)
    assert "oversize" in plan.reasons
    assert made.size_bytes <= limit


async def test_high_dynamic_range_becomes_ordinary_colour(tmp_path):
    tags = ("-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc")
    source = film(tmp_path / "hdr.mp4", "-c:v", "libx265", "-x265-params", "log-level=none", "-pix_fmt",
                  "yuv420p10le", *tags, seconds=1)  # fmt: skip
    assert (await probe(source)).video.color_transfer == "smpte2084"
    made, _ = await make(source, tmp_path / "out")
    found = await probe(made.path)
    assert (found.video.color_transfer, found.video.pixel_format) == ("bt709", "yuv420p")


async def test_only_interlaced_films_are_deinterlaced(tmp_path):
    source = film(tmp_path / "film.ts", "-c:v", "mpeg2video", "-flags", "+ildct+ilme", "-vf", "setfield=tff")
    made, plan = await make(source, tmp_path / "out")
    assert "interlaced" in plan.reasons
    assert "bwdif" in " ".join(made.command)
    assert not (await probe(made.path)).video.interlaced


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
    await until(lambda: told, 20)
    begun = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - begun < 2
    assert descendants() <= before
