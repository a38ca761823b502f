"""What is to be done with a film or a recording: copied, made anew, or nothing. No I/O.

What a browser already plays within the profile is copied; a picture or a sound that it does not is made anew.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
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
#: What a channel of sound is given at least: a telephone's codec does with less than AAC can.
LEAST_AUDIO_BIT_RATE = 48_000
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
    #: The picture's bit rate on the whole, for two passes; `None`: one pass of even quality.
    mean_bit_rate: int | None = None
    #: What is made may have no more bytes; `None`: its size is as it comes.
    most_bytes: int | None = None
    #: Channels and bit rate of sound that is made anew.
    channels: int = 2
    audio_bit_rate: int = 0
    #: Why what is made anew is not copied.
    reasons: tuple[str, ...] = ()


_Check = Callable[[Probe, VideoStream, VideoProfile], bool]

#: Reason why a picture cannot be copied, and when it holds.
VIDEO_CHECKS: tuple[tuple[str, _Check], ...] = (
    ("container", lambda probe, _, __: probe.format_name not in REMUXABLE),
    ("codec", lambda _, video, profile: video.codec not in profile.copied_codecs),
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
    plan = _plan_sound(probe, profile, oversize)
    if probe.video is None:
        return plan
    found = tuple(reason for reason, holds in VIDEO_CHECKS if holds(probe, probe.video, profile))
    plan = replace(
        plan,
        kind="video",
        container=Container.MP4,
        video=Treatment.TRANSCODE if oversize or found else Treatment.COPY,
        size=fit_size(probe.video.display_size, profile),
        reasons=oversize + found + plan.reasons,
    )
    if plan.video is Treatment.COPY:
        return plan
    return replace(
        plan,
        frame_rate=fit_frame_rate(probe.video.frame_rate, profile.frame_rate),
        bit_rate=fit_bit_rate(probe, plan, profile, reduce_to_bytes) if oversize else profile.peak_bit_rate,
        most_bytes=reduce_to_bytes if oversize else size_bytes,
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
    if probe.video is None and probe.audio is None:
        raise SourceDamaged("there is neither picture nor sound in it")
    alone = oversize if probe.video is None else ()
    audio = Treatment.TRANSCODE if alone else _treat_sound(probe, profile)
    copied_mp3 = audio is Treatment.COPY and probe.audio is not None and probe.audio.codec == "mp3"
    channels, audio_bit_rate = _fit_sound(probe, profile)
    return Plan(
        kind="audio",
        container=Container.MP3 if copied_mp3 else Container.M4A,
        video=Treatment.NONE,
        audio=audio,
        channels=channels,
        audio_bit_rate=audio_bit_rate,
        reasons=alone + (("audio",) if audio is Treatment.TRANSCODE else ()),
    )


def _treat_sound(probe: Probe, profile: VideoProfile) -> Treatment:
    """Copy one track that a browser plays; several are mixed, for a browser plays only the first."""
    audio = probe.audio
    if audio is None:
        return Treatment.NONE
    fits = audio.codec in SOUNDS and 0 < (audio.channels or 0) <= profile.audio_channels
    alone = fits and not probe.further_audio and _is_calm(probe, audio, profile.copy_audio_bit_rate)
    return Treatment.COPY if alone else Treatment.TRANSCODE


def _is_calm(probe: Probe, audio: AudioStream, most: int) -> bool:
    """Tell whether the sound keeps to the rate; where only that of all is known, all has to."""
    return not most or 0 < (audio.bit_rate or probe.bit_rate or 0) <= most


def _fit_sound(probe: Probe, profile: VideoProfile) -> tuple[int, int]:
    """Return channels and bit rate: one microphone stays one, and gets half as much; few bits stay few."""
    most = profile.audio_channels
    tracks = [track for track in (probe.audio, *probe.further_audio) if track]
    channels = min(most, max((track.channels or most for track in tracks), default=most))
    rates = [track.bit_rate or profile.audio_bit_rate for track in tracks]
    said = max(max(rates, default=0), LEAST_AUDIO_BIT_RATE * channels)
    return channels, min(profile.audio_bit_rate * channels // most, said)


def sound_bit_rate(probe: Probe, plan: Plan) -> int:
    """Return the rate that sound takes in what is made."""
    if probe.audio is None:
        return 0
    copied = probe.audio.bit_rate if plan.audio is Treatment.COPY else None
    return copied or plan.audio_bit_rate


def fit_bit_rate(probe: Probe, plan: Plan, profile: VideoProfile, most_bytes: int) -> int:
    """Return the rate whose peak, one second's buffer and sound together stay within `most_bytes`."""
    seconds = (probe.duration_seconds or 0.0) + 1.0
    fits = int(most_bytes * 8 * FIT_SHARE / seconds) - sound_bit_rate(probe, plan)
    return max(LEAST_BIT_RATE, min(profile.peak_bit_rate, fits))


def _even(edge: Fraction) -> int:
    return max(2, int(edge / 2) * 2)
