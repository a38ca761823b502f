"""Values to rows and back. Pure: what is written is exactly what will be read."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from sqlalchemy import RowMapping

from storage.errors import Damaged
from storage.evidence import Evidence, Job, Rendition, RenditionKind, Scan, Stage
from storage.records.canonical import plain
from storage.segment import Segment, SegmentWork
from storage.states import EvidenceState, StageName, StageState
from storage.upload import Upload, UploadState

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

#: A row as it is written, or as the database gives it back.
Row = Mapping[str, Any] | RowMapping

P = ParamSpec("P")
T = TypeVar("T")

_UPLOAD_LISTS = ("frozen", "parts", "grants")

#: Fields of evidence that are rows of other tables.
_OWN_TABLES = frozenset({"stages", "renditions", "segments"})

_STAGE_ORDER = {name: position for position, name in enumerate(StageName)}


def _reading(make: Callable[P, T]) -> Callable[P, T]:
    """Let rows that nobody here wrote raise `Damaged`, whatever is wrong with them."""

    @wraps(make)
    def made(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return make(*args, **kwargs)
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise Damaged(f"a record cannot be read: {error}") from error

    return made


def evidence_row(evidence: Evidence) -> dict[str, Any]:
    """Return the evidence's own row; stages, renditions and segments have tables of theirs."""
    return _columns(evidence, _OWN_TABLES) | {
        "state": evidence.state.value,
        "detail": plain(evidence.detail),
        "scan": plain(evidence.scan),
        "flags": list(evidence.flags),
        "facts": plain(evidence.facts),
    }


def stage_rows(evidence: Evidence) -> list[dict[str, Any]]:
    """Return the rows of the evidence's stages."""
    return [
        _columns(stage) | {"evidence_id": evidence.id, "name": stage.name.value, "state": stage.state.value}
        for stage in evidence.stages
    ]


def rendition_rows(evidence: Evidence) -> list[dict[str, Any]]:
    """Return the rows of the evidence's renditions."""
    return [
        _columns(rendition)
        | {"evidence_id": evidence.id, "kind": rendition.kind.value}
        | {"command": list(rendition.command), "tools": plain(rendition.tools)}
        for rendition in evidence.renditions
    ]


def segment_rows(evidence: Evidence) -> list[dict[str, Any]]:
    """Return the rows of the segments of its transcode."""
    return [
        _columns(segment) | {"evidence_id": evidence.id, "work": segment.work.value}
        for segment in evidence.segments
    ]


@_reading
def evidence_of(
    row: Row, stages: Iterable[Row], renditions: Iterable[Row], segments: Iterable[Row]
) -> Evidence:
    """Return the evidence that the rows hold: stages and segments in their order, renditions by id."""
    return Evidence(
        **_values(row, Evidence, _OWN_TABLES)
        | {
            "state": EvidenceState(row["state"]),
            "scan": _scan_of(row["scan"]),
            "flags": tuple(row["flags"]),
            "stages": tuple(sorted(map(_stage_of, stages), key=lambda stage: _STAGE_ORDER[stage.name])),
            "renditions": tuple(sorted(map(_rendition_of, renditions), key=lambda rendition: rendition.id)),
            "segments": tuple(sorted(map(_segment_of, segments), key=lambda segment: segment.number)),
        }
    )


def as_stored(evidence: Evidence) -> Evidence:
    """Return the evidence as it will be read back."""
    parts = (rows(evidence) for rows in (stage_rows, rendition_rows, segment_rows))
    return evidence_of(evidence_row(evidence), *parts)


def job_row(job: Job, created_at: datetime) -> dict[str, Any]:
    """Return the outbox row of a job."""
    return _columns(job) | {"id": job.id, "stage": job.stage.value, "created_at": created_at}


@_reading
def job_of(row: Row) -> Job:
    """Return the job that an outbox row holds."""
    return Job(**_values(row, Job) | {"stage": StageName(row["stage"])})


def upload_row(upload: Upload) -> dict[str, Any]:
    """Return the row of an upload."""
    lists = {name: list(getattr(upload, name)) for name in _UPLOAD_LISTS}
    return _columns(upload) | {"state": upload.state.value, **lists}


@_reading
def upload_of(row: Row) -> Upload:
    """Return the upload that a row holds."""
    tuples = {name: tuple(row[name]) for name in _UPLOAD_LISTS}
    return Upload(**_values(row, Upload) | {"state": UploadState(row["state"]), **tuples})


def _stage_of(row: Row) -> Stage:
    return Stage(**_values(row, Stage) | {"name": StageName(row["name"]), "state": StageState(row["state"])})


def _rendition_of(row: Row) -> Rendition:
    made = {"command": tuple(row["command"]), "kind": RenditionKind(row["kind"])}
    return Rendition(**_values(row, Rendition) | made)


def _segment_of(row: Row) -> Segment:
    return Segment(**_values(row, Segment) | {"work": SegmentWork(row["work"])})


def _scan_of(stored: Mapping[str, Any] | None) -> Scan | None:
    if stored is None:
        return None
    made = stored.get("signatures_at")
    return Scan(**{**stored, "signatures_at": datetime.fromisoformat(made) if made else None})


def _columns(record: "DataclassInstance", without: Iterable[str] = ()) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(record) if field.name not in without}


def _values(row: Row, record: type["DataclassInstance"], without: Iterable[str] = ()) -> dict[str, Any]:
    return {field.name: row[field.name] for field in fields(record) if field.name not in without}
