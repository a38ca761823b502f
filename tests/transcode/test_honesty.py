from dataclasses import replace
from fractions import Fraction

import pytest

from transcode.honesty import find_damage
from transcode.plan import Container, Plan, Treatment
from transcode.probe import AudioStream, Probe, VideoStream

VIDEO = VideoStream(0, "h264", 640, 360, frame_rate=Fraction(30), frames=300, duration_seconds=10.0)
AUDIO = AudioStream(1, "aac", 2, 48_000, duration_seconds=10.0)
SOURCE = Probe("mov", 1_000_000, 10.0, False, None, VIDEO, AUDIO, "")
PLAN = Plan("video", Container.MP4, Treatment.TRANSCODE, Treatment.TRANSCODE, (640, 360))
SOUND = Plan("audio", Container.M4A, Treatment.NONE, Treatment.TRANSCODE)


def with_video(probe=SOURCE, **changes):
    return replace(probe, video=replace(probe.video, **changes))


def with_audio(probe=SOURCE, **changes):
    return replace(probe, audio=replace(probe.audio, **changes))


def recording(format_name, seconds, *, estimated=False):
    audio = replace(AUDIO, duration_seconds=seconds)
    return Probe(format_name, 1000, seconds, estimated, None, None, audio, "")


SHORT = with_video(frames=150, duration_seconds=5.0)
ENDLESS = with_video(replace(SOURCE, format_name="asf", duration_seconds=None), duration_seconds=None)


@pytest.mark.parametrize(
    ("source", "made", "plan", "lines", "damaged"),
    [
        (SOURCE, SOURCE, PLAN, 0, False),
        (SOURCE, SOURCE, PLAN, 8, False),
        (SOURCE, SOURCE, PLAN, 9, True),
        (SOURCE, SHORT, PLAN, 0, True),
        (SOURCE, replace(SOURCE, video=None), PLAN, 0, True),
        (SOURCE, replace(SOURCE, audio=None), PLAN, 0, True),
        (SOURCE, with_video(frames=299, duration_seconds=9.967), PLAN, 0, False),
        (SOURCE, with_video(frames=297, duration_seconds=9.9), PLAN, 0, True),
        (SOURCE, with_video(frames=300, duration_seconds=8.0), PLAN, 0, False),
        (SOURCE, with_audio(duration_seconds=5.0), PLAN, 0, True),
        (SOURCE, with_audio(duration_seconds=9.9), PLAN, 0, False),
        (replace(SOURCE, format_name="mpegts"), SHORT, PLAN, 0, False),
        (with_video(replace(SOURCE, format_name="avi"), duration_seconds=5.0), SHORT, PLAN, 0, True),
        (ENDLESS, SHORT, PLAN, 0, True),
        (recording("wav", 10.0), recording("mov", 5.0), SOUND, 0, True),
        (recording("mp3", 10.0), recording("mov", 5.0), SOUND, 0, True),
        (recording("mp3", 10.0, estimated=True), recording("mov", 9.0), SOUND, 0, False),
        (recording("amr", 10.0), recording("mov", 9.0), SOUND, 0, False),
        (recording("mov", 3600.0), recording("mov", 3600.0), SOUND, 60, False),
        (recording("mov", None), recording("mov", None), SOUND, 0, False),
    ],
)  # fmt: skip
def test_what_is_missing_is_damage_and_what_was_never_promised_is_not(source, made, plan, lines, damaged):
    assert bool(find_damage(source, made, plan, lines)) is damaged


def test_damage_is_said_in_plain_words():
    assert find_damage(SOURCE, SHORT, PLAN, 0) == "only 5.0 s of 10.0 s can be read"
