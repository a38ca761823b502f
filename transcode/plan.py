"""What is to be done with a film or a recording: copied, made anew, or nothing. No I/O.

What a browser already plays within the profile is copied; a picture or a sound that it does not is made anew.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from config.profiles import VideoProfile
from transcode.errors import SourceDamaged
from transcode.probe import AudioStream, Probe, VideoStream

#: Containers whose time stamps can be trusted in a new one.
REMUXABLE = frozenset({"mov", "matroska", "flv"})
PIXEL_FORMATS = frozenset({"yuv420p", "yuvj420p"})
SOUNDS = frozenset({"aac", "mp3"})
#: Share of the size limit that is planned with, and the least a film is given.
FIT_SHARE = 0.95
LEAST_BIT_RATE = 100_000
#: A little over the limit is not worth dropping every second frame: 30.01 frames a second stay.
FRAME_RATE_SLACK = Fraction(105, 100)


class Treatment(StrEnum):
    """What happens to one stream."""

    #: Packed anew, bit by bit the same.
    COPY = "copy"
    TRANSCODE = "transcode"
    #: There is none.
    NONE = "none"


class Container(StrEnum):
    """What the result is packed in."""

    MP4 = "mp4"
    M4A = "m4a"
    MP3 = "mp3"


@dataclass(frozen=True, slots=True)
class Plan:
    """How one rendition is made. Sizes are pixels, rates bits or frames a second."""

    #: Kind of the rendition: `video` or `audio`.
    kind: str
    container: Container
    video: Treatment
    audio: Treatment
    #: Size of the picture as seen; `None` without one.
    size: tuple[int, int] | None = None
    #: Rate to drop frames to; `None`: frames stay as they are.
    frame_rate: Fraction | None = None
    #: Bound of the picture's bit rate.
    bit_rate: int | None = None
    #: Why what is made anew is not copied.
    reasons: tuple[str, ...] = ()


_Check = Callable[[Probe, VideoStream, VideoProfile], bool]

#: Reason why a picture cannot be copied, and when it holds.
VIDEO_CHECKS: tuple[tuple[str, _Check], ...] = (
    ("container", lambda probe, _, __: probe.format_name not in REMUXABLE),
    ("codec", lambda _, video, __: video.codec != "h264"),
    ("pixel_format", lambda _, video, __: video.pixel_format not in PIXEL_FORMATS),
    ("interlaced", lambda _, video, __: video.interlaced),
    ("rotated", lambda _, video, __: video.rotation != 0),
    ("pixel_aspect", lambda _, video, __: video.pixel_aspect != 1),
    ("size", lambda _, video, profile: fit_size(video.display_size, profile) != video.display_size),
    (
        "bit_rate",
        lambda probe, video, profile: (video.bit_rate or probe.bit_rate or 0) > profile.copy_bit_rate,
    ),
)


def make_plan(probe: Probe, profile: VideoProfile, *, size_bytes: int, reduce_to_bytes: int) -> Plan:
    """Decide how the rendition is made; `reduce_to_bytes` 0: no size is too large.

    Raises `SourceDamaged` when there is neither picture nor sound.
    """
    oversize = ("oversize",) if 0 < reduce_to_bytes < size_bytes else ()
    if probe.video is None:
        return _plan_sound(probe, profile, oversize)
    found = tuple(reason for reason, holds in VIDEO_CHECKS if holds(probe, probe.video, profile))
    reasons = oversize + found
    audio = _treat_sound(probe.audio, profile)
    return Plan(
        kind="video",
        container=Container.MP4,
        video=Treatment.TRANSCODE if reasons else Treatment.COPY,
        audio=audio,
        size=fit_size(probe.video.display_size, profile),
        frame_rate=fit_frame_rate(probe.video.frame_rate, profile.frame_rate) if reasons else None,
        bit_rate=_fit_bit_rate(probe, profile, reduce_to_bytes) if oversize else profile.peak_bit_rate,
        reasons=reasons + (("audio",) if audio is Treatment.TRANSCODE else ()),
    )


def fit_size(size: tuple[int, int], profile: VideoProfile) -> tuple[int, int]:
    """Return the size within the profile's edges, whichever way up, even, and never larger."""
    width, height = size
    if width < 1 or height < 1:
        raise SourceDamaged("its picture cannot be read")
    share = min(Fraction(1), Fraction(profile.long_edge, max(size)), Fraction(profile.short_edge, min(size)))
    return _even(width * share), _even(height * share)


def fit_frame_rate(rate: Fraction | None, most: int) -> Fraction | None:
    """Return the rate divided by the least whole number that brings it under `most`; `None`: it is."""
    if rate is None or rate <= most * FRAME_RATE_SLACK:
        return None
    return rate / math.ceil(rate / (most * FRAME_RATE_SLACK))


def _plan_sound(probe: Probe, profile: VideoProfile, oversize: tuple[str, ...]) -> Plan:
    if probe.audio is None:
        raise SourceDamaged("there is neither picture nor sound in it")
    audio = Treatment.TRANSCODE if oversize else _treat_sound(probe.audio, profile)
    copied_mp3 = audio is Treatment.COPY and probe.audio.codec == "mp3"
    return Plan(
        kind="audio",
        container=Container.MP3 if copied_mp3 else Container.M4A,
        video=Treatment.NONE,
        audio=audio,
        reasons=oversize + (("audio",) if audio is Treatment.TRANSCODE else ()),
    )


def _treat_sound(audio: AudioStream | None, profile: VideoProfile) -> Treatment:
    if audio is None:
        return Treatment.NONE
    fits = audio.codec in SOUNDS and 0 < (audio.channels or 0) <= profile.audio_channels
    return Treatment.COPY if fits else Treatment.TRANSCODE


def _fit_bit_rate(probe: Probe, profile: VideoProfile, reduce_to_bytes: int) -> int:
    """Return the rate whose peak, one second's buffer and sound together stay within the limit."""
    seconds = (probe.duration_seconds or 0.0) + 1.0
    fits = int(reduce_to_bytes * 8 * FIT_SHARE / seconds) - profile.audio_bit_rate
    return max(LEAST_BIT_RATE, min(profile.peak_bit_rate, fits))


def _even(edge: Fraction) -> int:
    return max(2, int(edge / 2) * 2)
