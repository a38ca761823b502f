"""How each encoder is told what a profile wants, as ffmpeg's options. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

from config.profiles import X264, SvtAv1, VideoProfile

#: SVT-AV1 tells errors only, so that complaints are about the source.
QUIET: Mapping[str, str] = {"SVT_LOG": "1"}


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of any encoder. Bits a second; distances between key frames in frames."""

    size: tuple[int, int]
    #: Whether the frames come at a rate that is known.
    even: bool
    peak_rate: int
    #: The rate on the whole, by two passes; `None`: even quality by one.
    mean_rate: int | None
    most_frames: int
    least_frames: int


def encoder_options(profile: VideoProfile, wish: Wish) -> dict[str, Any]:
    """Return the options that make closed groups of 8-bit pictures, by the fallback where it must be."""
    suits = wish.even and wish.mean_rate is None and min(wish.size) >= profile.encoder.least_edge
    return _options(profile.encoder if suits else profile.fallback, wish) | {"pix_fmt": "yuv420p"}


@singledispatch
def _options(encoder: object, _: Wish) -> dict[str, Any]:
    raise TypeError(encoder)


@_options.register
def _x264(encoder: X264, wish: Wish) -> dict[str, Any]:
    quality = {"b:v": wish.mean_rate} if wish.mean_rate else {"crf": encoder.crf}
    groups = f"keyint={wish.most_frames}:min-keyint={wish.least_frames}:open-gop=0"
    return {
        "c:v": "libx264",
        "preset": encoder.preset,
        "profile:v": encoder.profile,
        "level": encoder.level,
        **quality,
        "maxrate": wish.peak_rate,
        "bufsize": wish.peak_rate,
        "x264-params": f"{groups}:{encoder.parameters}",
    }


@_options.register
def _svt_av1(encoder: SvtAv1, wish: Wish) -> dict[str, Any]:
    """Its key frames come at even distances; `irefresh-type=2` closes the groups."""
    return {
        "c:v": "libsvtav1",
        "preset": encoder.preset,
        "crf": encoder.crf,
        "maxrate": wish.peak_rate,
        "bufsize": wish.peak_rate,
        "svtav1-params": f"keyint={wish.most_frames}:irefresh-type=2:{encoder.parameters}",
    }
