"""A piece of evidence as a value: what is known of it, and what one change does to it. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from storage.segment import Segment
from storage.states import EvidenceState, StageName, StageState


@dataclass(frozen=True, slots=True)
class Scan:
    """The verdict on the exact bytes whose SHA-256 is `sha256`."""

    #: `clean`, `clean_windowed` or `infected`.
    verdict: str
    #: `full`, or what was not covered; never `full` unless every member was scanned too.
    coverage: str
    engine: str
    #: When the signatures were made; `None`: of unknown age.
    signatures_at: datetime | None
    sha256: str
    #: Name of the signature that matched.
    signature: str | None = None
    #: Facts for the audit trail: windows, overlap, members scanned.
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of one piece of evidence."""

    name: StageName
    state: StageState = StageState.WAITING
    #: The attempt that is under way or was the last; counted from 1; 0 until the stage is due.
    attempt: int = 0
    #: How often a sandboxed child was seen to die on this evidence.
    deaths: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None


class RenditionKind(StrEnum):
    """What a rendition is for; `video` is the reading copy of a film."""

    VIDEO = "video"
    AUDIO = "audio"
    IMAGE = "image"
    THUMBNAIL = "thumbnail"
    POSTER = "poster"
    DOCUMENT = "document"
    WAVEFORM = "waveform"
    STORYBOARD = "storyboard"
    #: A pyramid of tiles of a large picture (Deep Zoom Image), in an uncompressed ZIP.
    DEEP_ZOOM = "deep_zoom"
    #: WebVTT that says which part of the storyboard shows which seconds.
    STORYBOARD_TIMES = "storyboard_times"


@dataclass(frozen=True, slots=True)
class Rendition:
    """A new object made from the original, which itself is never altered."""

    id: str
    kind: RenditionKind
    media_type: str
    size_bytes: int
    sha256: str
    #: SHA-256 of the original it was made from.
    source_sha256: str
    #: The exact command line, or the library call, that made it.
    command: tuple[str, ...]
    #: Versions of the tools that made it.
    tools: Mapping[str, str]
    width: int | None = None
    height: int | None = None
    duration_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """A piece of evidence with its stages and renditions."""

    id: str
    centre_id: str
    state: EvidenceState
    created_at: datetime
    updated_at: datetime
    #: Counts changes; one more with each.
    version: int = 1
    #: Waiting on us: a scanner, disk or store outage. `code` says which.
    delayed: bool = False
    #: Row of `config/reasons.toml` that explains `state` or `delayed`.
    code: str | None = None
    #: Values for the placeholders of that row.
    detail: Mapping[str, str] = field(default_factory=dict)
    filename: str | None = None
    #: Accepted extension the name promises; `None`: content alone decides.
    extension: str | None = None
    #: Type found in the content (row of `config/formats.toml`); `None` until verified.
    format: str | None = None
    media_type: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    scan: Scan | None = None
    flags: tuple[str, ...] = ()
    #: What tools measured (duration, pixels, codecs…), for operators and the audit trail.
    facts: Mapping[str, Any] = field(default_factory=dict)
    stages: tuple[Stage, ...] = ()
    renditions: tuple[Rendition, ...] = ()
    #: Into which the transcode of a long film is cut, while it is under way.
    segments: tuple[Segment, ...] = ()

    def stage(self, name: StageName) -> Stage:
        """Return the stage of that name; raises `KeyError` if this evidence has none."""
        for stage in self.stages:
            if stage.name == name:
                return stage
        raise KeyError(name)

    def segment(self, number: int) -> Segment | None:
        """Return the segment of that number, if the transcode is cut into such."""
        return next((segment for segment in self.segments if segment.number == number), None)


@dataclass(frozen=True, slots=True)
class Job:
    """A stage that is due: one row of the outbox, and one job in a queue."""

    evidence_id: str
    centre_id: str
    stage: StageName
    attempt: int
    #: Queue of the resource the stage needs: `scan verify video image`.
    queue: str
    due_at: datetime
    #: Number of the segment it is for; `None`: the whole stage.
    segment: int | None = None

    @property
    def id(self) -> str:
        """Name of the job everywhere: the same attempt never runs under two names."""
        whole = f"{self.evidence_id}:{self.stage}:{self.attempt}"
        return whole if self.segment is None else f"{whole}:{self.segment}"


@dataclass(frozen=True, slots=True)
class Change:
    """What one transaction does to one piece of evidence: a new value, jobs to add and drop, and why."""

    #: The evidence after the change; `version` and `updated_at` are set when it is stored.
    after: Evidence
    #: Kind of the audit event, such as `stage_done`, `delayed`, `infected`.
    event: str
    #: Who did it: a principal's id, `worker:<name>` or `system`.
    actor: str
    add_jobs: tuple[Job, ...] = ()
    #: Ids of outbox rows that this change settles.
    drop_jobs: tuple[str, ...] = ()
    #: Facts for the audit event; never file names or candidates.
    note: Mapping[str, Any] = field(default_factory=dict)


def original_key(evidence_id: str) -> str:
    """Return the blob key of an original; it never changes."""
    return f"{evidence_id}/original"


def sidecar_key(evidence_id: str) -> str:
    """Return the blob key of the JSON record beside the original, from which the database can be rebuilt."""
    return f"{evidence_id}/original.json"


def rendition_key(evidence_id: str, rendition_id: str) -> str:
    """Return the blob key of one rendition."""
    return f"{evidence_id}/renditions/{rendition_id}"


def segment_key(evidence_id: str, blob_id: str) -> str:
    """Return the blob key of what was made of one segment; it goes when all are joined."""
    return f"{evidence_id}/segments/{blob_id}"
