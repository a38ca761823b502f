"""Values for tests of the pure pipeline: one piece of evidence, one run."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from storage.evidence import Evidence, Rendition, RenditionKind, Scan
from storage.states import EvidenceState, StageName
from workers.decisions import Run, received
from workers.pipeline import first_stages, job_of

NOW = datetime(2026, 11, 21, 20, 15, 4, 123000, tzinfo=UTC)
SHA256 = "ab" * 32
CLEAN = Scan("clean", "raw_bytes", "ClamAV 1.4.6", NOW, SHA256)
SEALED = replace(CLEAN, coverage="full")


def receiving() -> Evidence:
    return Evidence(
        id="0199aaaa-0000-7000-8000-000000000001",
        centre_id="GB001",
        state=EvidenceState.RECEIVING,
        created_at=NOW,
        updated_at=NOW,
        filename="dance.mov",
        extension="mov",
        stages=first_stages(),
    )


def just_received() -> Evidence:
    change = received(receiving(), 1000, "key", NOW)
    assert change
    return change.after


def run_of(evidence: Evidence, stage: StageName, attempt: int | None = None) -> Run:
    job = job_of(evidence, stage, attempt or evidence.stage(stage).attempt, NOW)
    return Run(job, "worker:test", NOW, NOW + timedelta(seconds=1))


def rendition(kind: str) -> Rendition:
    named = RenditionKind(kind)
    return Rendition(f"r-{kind}", named, "video/mp4", 10, SHA256, SHA256, ("ffmpeg",), {"ffmpeg": "5.1"})
