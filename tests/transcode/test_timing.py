"""Frames keep their times, however irregular; films keep their length, however short or long."""

import pytest

from tests.transcode.making import make, streams, times
from tests.transcode.samples import ffmpeg, film, picture, sound
from transcode.plan import Treatment

#: What phones write: frames come late or early by some milliseconds, and slower in the dark.
IRREGULAR = "setpts='(if(lt(N,60),N/30,2+(N-60)/13)+0.004*mod(N,3))/TB'"


@pytest.mark.parametrize(
    ("name", "options", "treatment"),
    [
        ("copied.mp4", ("-c:v", "libx264", "-pix_fmt", "yuv420p"), Treatment.COPY),
        ("anew.mp4", ("-c:v", "libx265", "-x265-params", "log-level=none"), Treatment.TRANSCODE),
        ("copied.mkv", ("-c:v", "libx264", "-pix_fmt", "yuv420p"), Treatment.COPY),
    ],
)
async def test_irregular_frames_keep_their_times(tmp_path, name, options, treatment):
    vary = ("-filter:v", IRREGULAR, "-fps_mode", "passthrough", "-enc_time_base", "1:90000")
    source = film(tmp_path / name, *vary, *options, seconds=3, rate=30)
    made, plan = await make(source, tmp_path / "out")
    assert (plan.video, plan.frame_rate) == (treatment, None)
    before, after = times(source), times(made.path)
    assert len(before) == len(after) == 90
    assert len(set(after)) == 90, "no two frames at one time"
    assert max(abs((a - after[0]) - (b - before[0])) for a, b in zip(after, before, strict=True)) < 0.001


async def test_sound_and_picture_begin_and_end_together(tmp_path):
    ffmpeg(*picture(4), *sound(4), "-c:v", "mpeg4", "-c:a", "pcm_s16le", tmp_path / "a.mkv")
    made, _ = await make(tmp_path / "a.mkv", tmp_path / "out")
    ends = [float(streams(made.path, kind)[0]["duration"]) for kind in "va"]
    assert ends == pytest.approx([4, 4], abs=0.05)
    starts = [times(made.path, kind)[0] for kind in "va"]
    assert starts == pytest.approx([0, 0], abs=0.03)


@pytest.mark.parametrize("seconds", [0.04, 0.2])
@pytest.mark.parametrize("name", ["a.mp4", "a.avi"])
async def test_a_blink_is_a_film(tmp_path, name, seconds):
    source = film(tmp_path / name, "-pix_fmt", "yuv420p", seconds=seconds, rate=25)
    made, _ = await make(source, tmp_path / "out")
    assert len(times(made.path)) == round(seconds * 25)
    before, after = (float(streams(path, "v")[0]["duration"]) for path in (source, made.path))
    assert after == pytest.approx(before, abs=0.041), "within a frame: AVI counts an empty one"


async def test_two_hours_stay_two_hours(tmp_path):
    seconds = 7200
    ffmpeg(*picture(seconds, "64x48", 1), "-f", "lavfi", "-i", f"anullsrc=r=8000:cl=mono:d={seconds}",
           "-c:v", "mpeg4", "-c:a", "pcm_mulaw", tmp_path / "long.mkv")  # fmt: skip
    told: list[tuple[float, float | None]] = []
    made, _ = await make(tmp_path / "long.mkv", tmp_path / "out", told=told)
    assert made.duration_seconds == pytest.approx(seconds, abs=0.2)
    seen = times(made.path)
    assert (len(seen), seen[-1]) == (seconds, seconds - 1)
    assert float(streams(made.path, "a")[0]["duration"]) == pytest.approx(seconds, abs=0.2)
    assert [fraction for fraction, _ in told] == sorted(fraction for fraction, _ in told)


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.mov"])
@pytest.mark.parametrize("late", ["picture", "sound"])
@pytest.mark.parametrize("options", [("-c:v", "mpeg4"), ("-c:v", "libx264", "-pix_fmt", "yuv420p")])
async def test_a_track_that_begins_late_is_whole_and_still_begins_late(tmp_path, name, late, options):
    inputs = {"picture": picture(3), "sound": sound(3)}
    late_input = (*inputs[late][:2], "-itsoffset", 1, *inputs[late][2:])
    order = {**inputs, late: late_input}
    ffmpeg(*order["picture"], *order["sound"], *options, "-c:a", "aac", tmp_path / name)
    before = lengths(tmp_path / name)
    made, _ = await make(tmp_path / name, tmp_path / "out")
    assert lengths(made.path) == pytest.approx(before, abs=0.1)


def lengths(path):
    """Return from when to when picture and sound last."""
    found = []
    for kind in "va":
        track, shown = streams(path, kind)[0], times(path, kind)
        found += [float(track["start_time"]), shown[-1]]
    return found
