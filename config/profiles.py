"""What renditions are like: the rows of `profiles.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("profiles.toml")


@dataclass(frozen=True, slots=True)
class VideoProfile:
    """One kind of reading copy. Edges are pixels, rates bits a second."""

    name: str
    long_edge: int
    short_edge: int
    #: Most frames a second.
    frame_rate: int
    #: x264's preset, profile, level, constant rate factor, and what else it is told (`name=value:…`).
    preset: str
    h264_profile: str
    level: str
    crf: float
    x264: str
    #: A bound for the busiest second of what is made.
    peak_bit_rate: int
    #: The most that is copied as it is.
    copy_bit_rate: int
    #: Longest distance between two points that a player can jump to.
    keyframe_seconds: int
    audio_bit_rate: int
    audio_channels: int


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
    """Read the table; a missing or unknown field raises `TypeError`."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    video = {name: VideoProfile(name=name, **row) for name, row in raw["video"].items()}
    return Profiles(video, Pictures(**raw["pictures"]), Documents(**raw["documents"]))
