"""A film as it is worked on: the file, what it holds, what is to be made of it."""

from dataclasses import dataclass
from pathlib import Path

from config.profiles import VideoProfile
from transcode.plan import Plan
from transcode.probe import Probe


@dataclass(frozen=True, slots=True)
class Film:
    """A source with what is known of it and decided on it."""

    source: Path
    found: Probe
    plan: Plan
    profile: VideoProfile
