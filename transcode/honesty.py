"""Whether what was made holds all of the source: ffmpeg says yes even to a film that was cut in half."""

from collections.abc import Mapping

from transcode.plan import Plan, Treatment
from transcode.probe import AudioStream, Probe, VideoStream

#: Containers that state their length, and the seconds by which they may be off; the others only estimate it.
CLAIMS: Mapping[str, float] = {
    "mov": 0.05, "matroska": 0.1, "flv": 0.1, "avi": 0.1, "asf": 0.5, "wav": 0.05, "aiff": 0.05, "mp3": 0.25,
}  # fmt: skip
#: ffmpeg shortens an AVI's length to the file's, but keeps the header's number of frames.
COUNTED = frozenset({"avi"})
#: ffmpeg drops an ASF's length when the file is shorter than its header says.
ALWAYS_CLAIMED = frozenset({"asf"})
#: Containers that state when a track ends, not how long it is.
ENDS_STATED = frozenset({"matroska"})
#: Lines of complaint that whole recordings show at their seams: some at all, and some for each minute.
NOISE_LINES = 8
NOISE_LINES_PER_MINUTE = 1.0
#: A sound track's last packets may be padding; frames at the cut of an edit may be left out.
SOUND_SLACK_SECONDS = 0.15
FRAMES_SLACK = 2


def find_damage(source: Probe, made: Probe, plan: Plan, complaint_lines: int) -> str | None:
    """Return what is wrong with the source, in plain words, or `None` if all of it arrived.

    `complaint_lines` counts what the tool wrote to standard error at level `error`.
    """
    return (
        _missing(made, plan)
        or _picture_short(source, made, plan)
        or _sound_short(source, made)
        or _noisy(source, complaint_lines)
    )


def _missing(made: Probe, plan: Plan) -> str | None:
    if plan.video is not Treatment.NONE and made.video is None:
        return "no picture could be read from it"
    if plan.audio is not Treatment.NONE and made.audio is None:
        return "no sound could be read from it"
    return None


def _picture_short(source: Probe, made: Probe, plan: Plan) -> str | None:
    """Compare lengths; a picture that has all its frames may still end earlier than the last one's pause."""
    claimed, found = _claimed(source), made.duration_seconds
    if source.video and made.video and source.video.duration_seconds:
        found = _length(source, made.video)
    if source.format_name in ALWAYS_CLAIMED and claimed is None:
        return "it is shorter than it says"
    if claimed is None or found is None or not _short(claimed, found, _slack(source, plan)):
        return None
    return None if _all_frames(source, made, plan) else _words(claimed, found)


def _sound_short(source: Probe, made: Probe) -> str | None:
    if not (source.audio and made.audio and source.format_name in CLAIMS) or source.duration_estimated:
        return None
    claimed, found = source.audio.duration_seconds, _length(source, made.audio)
    if claimed is None or found is None:
        return None
    slack = max(CLAIMS[source.format_name], SOUND_SLACK_SECONDS)
    return f"of its sound, {_words(claimed, found)}" if _short(claimed, found, slack) else None


def _noisy(source: Probe, complaint_lines: int) -> str | None:
    allowed = NOISE_LINES + NOISE_LINES_PER_MINUTE * (source.duration_seconds or 0.0) / 60
    return f"{complaint_lines} places in it cannot be read" if complaint_lines > allowed else None


def _length(source: Probe, made: VideoStream | AudioStream) -> float | None:
    """Return the length of a track as its source states lengths: what begins late ends no earlier for it."""
    late = made.start_seconds if source.format_name in ENDS_STATED else 0.0
    return None if made.duration_seconds is None else made.duration_seconds + late


def _claimed(source: Probe) -> float | None:
    video = source.video
    if source.format_name not in CLAIMS or source.duration_estimated:
        return None
    if source.format_name in COUNTED and video and video.frames and video.frame_rate:
        return float(video.frames / video.frame_rate)
    return (video.duration_seconds if video else None) or source.duration_seconds


def _slack(source: Probe, plan: Plan) -> float:
    """Return the container's own slack, or one frame, or without frames one packet of sound."""
    rate = plan.frame_rate or (source.video.frame_rate if source.video else None)
    return max(CLAIMS[source.format_name], float(1 / rate) if rate else SOUND_SLACK_SECONDS)


def _all_frames(source: Probe, made: Probe, plan: Plan) -> bool:
    if not (source.video and made.video and source.video.frames and made.video.frames) or plan.frame_rate:
        return False
    return made.video.frames >= source.video.frames - FRAMES_SLACK


def _short(claimed: float, found: float, slack: float) -> bool:
    return found < claimed - slack - 0.001


def _words(claimed: float, found: float) -> str:
    return f"only {found:.1f} s of {claimed:.1f} s can be read"
