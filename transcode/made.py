"""What the tools made: a file that becomes a rendition."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Made:
    """A finished file, checked against its source. Sizes are pixels; `None` where there is no such thing."""

    path: Path
    #: Kind of the rendition: a value of `storage.evidence.RenditionKind`.
    kind: str
    media_type: str
    size_bytes: int
    #: The exact command line (sandbox apart), or the call.
    command: tuple[str, ...]
    #: Versions of the tools.
    tools: Mapping[str, str]
    width: int | None = None
    height: int | None = None
    duration_seconds: float | None = None
    #: Lines of complaint about the source that its decoder could go on after.
    complaint_lines: int = 0
