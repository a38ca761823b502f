"""A film cut into segments, encoded and joined, beside the same film encoded whole."""

import asyncio
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from config.profiles import VideoProfile, load_profiles
from tests.transcode.samples import film
from tests.transcode.various_films import (
    KEYS,
    accompanied,
    fast,
    hevc,
    high_dynamic_range,
    interlaced,
    irregular,
    motion_jpeg,
    mute,
    of_open_groups,
    upright,
)
from transcode.encoding import encode_picture, encode_sound
from transcode.errors import DoesNotAddUp
from transcode.film import Film
from transcode.interlacing import look
from transcode.joining import Pieces, join
from transcode.plan import Treatment, make_plan
from transcode.probe import probe
from transcode.sandbox import SandboxKind
from transcode.segments import Cut, cut, is_long
from transcode.timeline import read_timeline
from transcode.video import transcode

REVIEW = load_profiles().video["review-1080p"]
PROFILE = replace(REVIEW, encoder=replace(REVIEW.encoder, preset="veryfast"))


def nothing(*_: object) -> None:
    pass


async def opened(source: Path, *, kind: SandboxKind | None = None, profile: VideoProfile = PROFILE) -> Film:
    found = await look(source, await probe(source, kind=kind))
    plan = make_plan(found, profile, size_bytes=found.size_bytes, reduce_to_bytes=1)
    return Film(source, found, replace(plan, bit_rate=profile.peak_bit_rate, most_bytes=None), profile)


async def in_segments(
    source: Path,
    folder: Path,
    *,
    seconds: float = 2,
    kind: SandboxKind | None = None,
    profile: VideoProfile = PROFILE,
) -> tuple[Path, int]:
    """Cut, encode and join a film; return the result and the number of segments."""
    work = await opened(source, kind=kind, profile=profile)
    cuts = cut(
        await read_timeline(source, work.found, work.found.video, kind=kind), work.plan.frame_rate, seconds
    )
    pictures, frames = {}, 0
    for number, part in enumerate(cuts):
        made = await encode_picture(work, part, new(folder / f"part{number}"), nothing, kind=kind)
        pictures[part.first_tick] = made.path
        frames += made.frames
    heard = None
    if work.plan.audio is not Treatment.NONE:
        heard = (await encode_sound(work, new(folder / "sound"), nothing, kind=kind)).path
    pieces = Pieces(pictures, heard, frames, 0)
    made = await join(work, pieces, new(folder / "in"), new(folder / "out"), nothing, kind=kind)
    return made.path, len(cuts)


async def whole(source: Path, folder: Path, profile: VideoProfile = PROFILE) -> Path:
    work = await opened(source, profile=profile)
    made = await transcode(source, new(folder / "whole"), work.found, work.plan, profile, nothing)
    return made.path


def new(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def times(path: Path, stream: str) -> list[int]:
    argv = [
        "ffprobe",
        "-v",
        "error",
        "-select_streams",
        stream,
        "-show_entries",
        "packet=pts",
        "-of",
        "csv=p=0",
    ]
    said = subprocess.run([*argv, path], check=True, capture_output=True, text=True, timeout=60).stdout
    return sorted(int(line.strip(",")) for line in said.split())


def companions(path: Path) -> tuple[object, ...]:
    """Streams by kind, their languages, and the chapters."""
    argv = ["ffprobe", "-v", "error", "-show_streams", "-show_chapters", "-of", "json", path]
    found = json.loads(subprocess.run(argv, check=True, capture_output=True, timeout=60).stdout)
    streams = [
        (row["codec_name"], row.get("tags", {}).get("language"))
        for row in found["streams"]
        if row["codec_type"] != "data"
    ]
    return streams, [(row["start_time"], row["end_time"], row["tags"]) for row in found["chapters"]]


def decoded(path: Path) -> list[str]:
    argv = ["ffmpeg", "-loglevel", "error", "-i", path, "-map", "0:v", "-f", "framemd5", "-"]
    said = subprocess.run(argv, check=True, capture_output=True, text=True, timeout=120)
    assert said.stderr == ""
    return [line for line in said.stdout.splitlines() if not line.startswith("#")]


def boxes(path: Path) -> list[bytes]:
    content, at, names = path.read_bytes(), 0, []
    while at < len(content):
        names.append(content[at + 4 : at + 8])
        at += int.from_bytes(content[at : at + 4], "big")
    return names


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (irregular, "a.mkv"), (of_open_groups, "a.mov"), (hevc, "a.mp4"), (fast, "a.mp4"), (mute, "a.mkv"),
        (motion_jpeg, "a.mov"), (upright, "a.mp4"), (interlaced, "a.mov"), (high_dynamic_range, "a.mp4"),
        (accompanied, "a.mkv"),
    ],
)  # fmt: skip
async def test_segments_have_the_frames_and_times_of_the_film_encoded_whole(tmp_path, make, name):
    source = make(tmp_path / name)
    joined, count = await in_segments(source, tmp_path)
    assert count >= 3
    one = await whole(source, tmp_path)
    assert times(joined, "v") == times(one, "v")
    assert times(joined, "a") == times(one, "a")
    assert times(joined, "s") == times(one, "s")
    assert companions(joined) == companions(one)
    assert len(decoded(joined)) == len(decoded(one))
    assert boxes(joined).index(b"moov") < boxes(joined).index(b"mdat")
    found, meant = await probe(joined), await probe(one)
    assert found.duration_seconds == pytest.approx(meant.duration_seconds, abs=0.001)
    assert found.video.display_size == meant.video.display_size
    assert found.video.rotation == 0


async def test_by_av1_too_segments_have_the_frames_and_times_of_the_whole(tmp_path):
    source, profile = irregular(tmp_path / "a.mkv"), load_profiles().video["review-1080p-av1"]
    joined, count = await in_segments(source, tmp_path, profile=profile)
    one = await whole(source, tmp_path, profile)
    assert count >= 3
    assert (times(joined, "v"), times(joined, "a")) == (times(one, "v"), times(one, "a"))
    assert companions(joined) == companions(one)
    assert len(decoded(joined)) == len(decoded(one))


@pytest.fixture
def one_processor() -> Iterator[None]:
    """x264 with several threads and a bound of the bit rate is not repeatable; one processor gives it one."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    yield
    os.sched_setaffinity(0, before)


async def test_two_runs_in_segments_are_equal_frame_by_frame(tmp_path, kind, one_processor):
    source = of_open_groups(tmp_path / "a.mov")
    one, _ = await in_segments(source, tmp_path / "one", kind=kind)
    two, _ = await in_segments(source, tmp_path / "two", kind=kind)
    assert decoded(one) == decoded(two)


async def test_a_segment_that_lacks_frames_does_not_add_up(tmp_path):
    work = await opened(mute(tmp_path / "a.mkv"))
    with pytest.raises(DoesNotAddUp, match="60 frames in place of 61"):
        await encode_picture(work, Cut(0, 180_000, 0, 61), new(tmp_path / "out"), nothing)


async def test_a_join_that_lacks_a_segment_or_the_sound_does_not_add_up(tmp_path):
    work = await opened(film(tmp_path / "a.mp4", *KEYS, seconds=4))
    first = await encode_picture(work, Cut(0, 180_000, 0, 60), new(tmp_path / "first"), nothing)
    heard = await encode_sound(work, new(tmp_path / "sound"), nothing)
    for number, pieces in enumerate(
        (
            Pieces({0: first.path}, heard.path, 120, 0),
            Pieces({0: first.path}, heard.path, 60, 0),
            Pieces({0: first.path}, None, 60, 0),
        )
    ):
        with pytest.raises(DoesNotAddUp):
            await join(work, pieces, new(tmp_path / f"in{number}"), new(tmp_path / f"out{number}"), nothing)


async def test_a_cancelled_segment_leaves_no_process(tmp_path):
    from tests.transcode.processes import descendants, until

    work, told = await opened(film(tmp_path / "a.mp4", *KEYS, seconds=20, size="1280x720")), []
    before, folder = descendants(), new(tmp_path / "out")
    part = Cut(0, None, 0, 600)
    task = asyncio.create_task(encode_picture(work, part, folder, lambda *what: told.append(what)))
    await until(lambda: told)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert descendants() <= before


async def test_only_long_films_that_are_made_anew_are_cut(tmp_path):
    work = await opened(film(tmp_path / "a.mp4", *KEYS, seconds=4))
    assert is_long(work.found, work.plan, 1.3)
    assert not is_long(work.found, work.plan, 1.4)
    assert not is_long(work.found, replace(work.plan, video=Treatment.COPY), 1)
    assert not is_long(replace(work.found, format_name="avi"), work.plan, 1)
