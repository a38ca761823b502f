"""Records as the tests begin with them, and small decisions about them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from uuid6 import uuid7

from storage.evidence import Change, Evidence, Job, Rendition, RenditionKind, Scan, Stage
from storage.records.uploads import UploadRecords
from storage.states import EvidenceState, StageName
from storage.upload import Upload

NOW = datetime(2024, 11, 21, 20, 15, 4, 123456, UTC)


def new_evidence(centre_id: str = "centre-1", **values: Any) -> Evidence:
    stages = tuple(Stage(name) for name in StageName)
    return Evidence(str(uuid7()), centre_id, EvidenceState.RECEIVING, NOW, NOW, stages=stages, **values)


def new_upload(evidence: Evidence, **values: Any) -> Upload:
    expires = NOW + timedelta(days=7)
    return Upload(f"upload-{evidence.id}", evidence.id, evidence.centre_id, "someone", NOW, expires, **values)


async def store(uploads: UploadRecords, evidence: Evidence | None = None) -> Evidence:
    evidence = evidence or new_evidence()
    await uploads.create(new_upload(evidence), evidence)
    return evidence


def job(evidence: Evidence, attempt: int = 1, due_at: datetime = NOW) -> Job:
    return Job(evidence.id, evidence.centre_id, StageName.SCAN, attempt, "scan", due_at)


def to(state: EvidenceState, **values: Any) -> Callable[[Evidence], Change]:
    return lambda evidence: Change(replace(evidence, state=state, **values), state.value, "worker:test")


def received(upload: Upload, evidence: Evidence) -> Change:
    after = replace(evidence, state=EvidenceState.RECEIVED, size_bytes=upload.length_bytes)
    return Change(after, "received", upload.principal_id, add_jobs=(job(evidence),))


def scanned(evidence: Evidence) -> Change:
    """A change that fills every field there is."""
    return Change(
        replace(
            evidence,
            state=EvidenceState.SCANNED,
            delayed=True,
            code="signatures_stale",
            detail={"limit": "5 GiB"},
            filename="été\u202egpj.\x01\n" + "x" * 4000,
            extension="jpg",
            format="jpeg",
            media_type="image/jpeg",
            size_bytes=50 << 30,
            sha256="a" * 64,
            scan=Scan("clean", "full", "ClamAV 1.4.6", NOW, "a" * 64, None, {"windows": 3}),
            flags=("macros",),
            facts={"duration": 412.4, "pair": (1, 2), 7: None, "nested": {"b": 1, "a": [{}]}},
            stages=tuple(replace(stage, attempt=1, started_at=NOW) for stage in reversed(evidence.stages)),
            renditions=(rendition("video"), rendition("poster")),
        ),
        "stage_done",
        "worker:test",
        note={"windows": 3},
    )


def rendition(kind: str, **values: Any) -> Rendition:
    sizes = {"width": 1920, "height": 1080, "duration_seconds": 412.4}
    return Rendition(
        f"{kind}-1",
        RenditionKind(kind),
        "video/mp4",
        6 << 30,
        "b" * 64,
        "a" * 64,
        ("ffmpeg", "-i"),
        {"ffmpeg": "7"},
        **sizes,
        **values,
    )
