"""What renditions are like: the rows of `profiles.toml`."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

TABLE = Path(__file__).with_name("profiles.toml")


@dataclass(frozen=True, slots=True)
class X264:
    """How libx264 makes H.264: its own names, but `parameters` (`name=value:…`), which is all else."""

    #: Pixels of the shortest edge that it takes.
    least_edge: ClassVar[int] = 2

    preset: str
    profile: str
    level: str
    #: Constant rate factor: less is better.
    crf: float
    parameters: str


@dataclass(frozen=True, slots=True)
class SvtAv1:
    """How SVT-AV1 makes AV1: its own names, but `parameters` (`name=value:…`), which is all else."""

    least_edge: ClassVar[int] = 64

    #: 0 to 13: more is faster.
    preset: int
    #: Constant rate factor, 1 to 63: less is better.
    crf: int
    parameters: str


Encoder = X264 | SvtAv1
#: What encoders are called in the table.
ENCODERS: Mapping[str, type[Encoder]] = {"x264": X264, "svtav1": SvtAv1}


@dataclass(frozen=True, slots=True)
class VideoProfile:
    """One kind of reading copy. Edges are pixels, rates bits a second."""

    name: str
    long_edge: int
    short_edge: int
    #: Most frames a second.
    frame_rate: int
    #: A bound for the busiest second of what is made.
    peak_bit_rate: int
    #: ffprobe's names of pictures that are copied, and the most they may have.
    copied_codecs: Sequence[str]
    copy_bit_rate: int
    #: Longest distance between two points that a player can jump to.
    keyframe_seconds: int
    audio_bit_rate: int
    audio_channels: int
    #: The most that is copied of sound; 0: any.
    copy_audio_bit_rate: int
    encoder: Encoder
    #: What makes films by two passes at a size, and pictures that are too small for `encoder`.
    fallback: X264


@dataclass(frozen=True, slots=True)
class Pictures:
    """Sizes of previews: longest edges in pixels."""

    thumbnail_edge: int
    poster_edge: int
    review_edge: int
    #: From this longest edge on, a picture is also cut into a pyramid of tiles.
    zoom_edge: int
    #: Edge of one tile of it, without the pixel that it shares with each neighbour.
    zoom_tile_edge: int
    jpeg_quality: int
    #: Longest edge of one picture of a storyboard, and the most pictures; size of a waveform.
    tile_edge: int
    most_tiles: int
    waveform_width: int
    waveform_height: int
    #: A picture whose header says more is refused.
    max_pixels: int


@dataclass(frozen=True, slots=True)
class Documents:
    """How much of a document its reading copy shows."""

    most_pages: int
    #: What drawing the pages may take.
    most_seconds: float
    most_text_bytes: int


@dataclass(frozen=True, slots=True)
class Profiles:
    """The whole table."""

    video: Mapping[str, VideoProfile]
    pictures: Pictures
    documents: Documents


@cache
def load_profiles(path: Path = TABLE) -> Profiles:
    """Read the table; a missing or unknown field raises `TypeError`, an unknown name `KeyError`."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    encoders = {name: _encoder(**row.pop("encoder")) for name, row in raw["video"].items()}
    video = {name: _video(name, row, encoders) for name, row in raw["video"].items()}
    return Profiles(video, Pictures(**raw["pictures"]), Documents(**raw["documents"]))


def _encoder(*, name: str, **told: Any) -> Encoder:  # noqa: ANN401 - as TOML has it
    return ENCODERS[name](**told)


def _video(name: str, row: dict[str, Any], encoders: Mapping[str, Encoder]) -> VideoProfile:
    """Return a row with its encoder; one that cannot do everything names another row's as `fallback`."""
    fallback = encoders[row.pop("fallback", name)]
    if not isinstance(fallback, X264):
        raise TypeError(f"{name} needs x264 to fall back on")
    return VideoProfile(name=name, encoder=encoders[name], fallback=fallback, **row)
