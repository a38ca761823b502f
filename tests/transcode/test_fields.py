"""Only frames of two moments are deinterlaced, whatever the marks say; a whole frame is never touched."""

import pytest

from tests.transcode.making import frame_hashes, make, output_of
from tests.transcode.samples import ffmpeg, film
from transcode.interlacing import Sample, decide, look, parse_sample
from transcode.probe import probe

#: Fine lines that move: what a mistaken filter blends at once.
LINES = "testsrc2=s=720x576:r=50:d=3"
WEAVE = "interlace=lowpass=off:scan=tff"


def combing(path) -> float:
    """Return the share of frames that show two moments, of those that tell."""
    said = output_of("sh", "-c", f"ffmpeg -hide_banner -nostats -i {path} -vf idet -f null - 2>&1").decode()
    return parse_sample(said).share


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("marked.ts", ("-c:v", "mpeg2video", "-flags", "+ildct+ilme", "-qscale:v", 3)),
        ("marked.mp4", ("-c:v", "libx264", "-flags", "+ildct+ilme", "-x264-params", "tff=1", "-crf", 15)),
        ("unmarked.avi", ("-c:v", "mpeg4", "-qscale:v", 3)),
    ],
)
async def test_two_moments_in_a_frame_become_one(tmp_path, name, options):
    ffmpeg("-f", "lavfi", "-i", LINES, "-vf", WEAVE, "-pix_fmt", "yuv420p", *options, tmp_path / name)
    assert combing(tmp_path / name) > 0.9
    made, plan = await make(tmp_path / name, tmp_path / "out")
    assert "interlaced" in plan.reasons
    found = await probe(made.path)
    assert not found.video.marked_interlaced
    assert found.video.frames == pytest.approx(75, abs=2)
    assert combing(made.path) < 0.1


async def test_whole_frames_that_are_marked_as_interlaced_are_not_touched(tmp_path):
    options = ("-vf", "setfield=tff", "-flags", "+ildct+ilme", "-x264-params", "tff=1", "-pix_fmt", "yuv420p")
    source = film(tmp_path / "whole.ts", "-c:v", "libx264", *options, size="720x576", rate=25)
    found = await probe(source)
    assert found.video.interlaced
    made, plan = await make(source, tmp_path / "out")
    assert "interlaced" not in plan.reasons
    assert "bwdif" not in " ".join(made.command)
    assert not (await probe(made.path)).video.marked_interlaced


async def test_progressive_fine_lines_are_copied_pixel_by_pixel(tmp_path):
    source = film(tmp_path / "fine.mp4", "-pix_fmt", "yuv420p", size="720x576", rate=25)
    made, _ = await make(source, tmp_path / "out")
    assert frame_hashes(made.path) == frame_hashes(source)


async def test_a_still_picture_says_nothing_and_its_marks_are_believed(tmp_path):
    still = ("-f", "lavfi", "-i", "color=gray:s=720x576:r=25:d=1", "-vf", "setfield=tff")
    ffmpeg(*still, "-c:v", "mpeg2video", "-flags", "+ildct+ilme", tmp_path / "still.ts")
    found = await probe(tmp_path / "still.ts")
    assert (await look(tmp_path / "still.ts", found)).video.fields == "auto"


@pytest.mark.parametrize(
    ("marked", "sample", "fields"),
    [
        (True, Sample(), "auto"),
        (False, Sample(), None),
        (True, Sample(top_first=90, whole=10), "auto"),
        (True, Sample(top_first=30, whole=70), "auto"),
        (True, Sample(whole=100), None),
        (True, Sample(top_first=38, bottom_first=25, whole=12), None),
        (False, Sample(top_first=90, whole=10), "tff"),
        (False, Sample(bottom_first=90, whole=10), "bff"),
        (False, Sample(top_first=40, whole=60), None),
        (True, Sample(whole=7), "auto"),
    ],
)
def test_marks_and_picture_decide_together(marked, sample, fields):
    assert decide(marked, sample) == fields


def test_the_last_summary_counts():
    said = "Multi frame detection: TFF: 1 BFF: 2 Progressive: 3 Undetermined: 4\n" * 2
    assert parse_sample(said + "Multi frame detection: TFF:   7 BFF:  0 Progressive:   9 Und") == Sample(
        7, 0, 9
    )
    assert parse_sample("nothing of the kind") == Sample()
