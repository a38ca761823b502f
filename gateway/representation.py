"""Evidence as the API shows it (CONTRACT: Evidence). Pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from config.reasons import load_reasons
from gateway import answers
from storage.evidence import Evidence, Rendition, Scan, Stage
from storage.states import ON_ITS_WAY, StageName, StageState
from workers.queue import Progress

#: Code of a delay between two attempts (`workers.decisions`).
RETRYING = "retrying"
#: Kinds whose pages a reader would count; a database's are its file's.
PAGED = frozenset({"document", "image"})


def represent(evidence: Evidence, progress: Mapping[StageName, Progress]) -> answers.Evidence:
    """Return the JSON object of one piece of evidence.

    `progress` is what workers report of its running stages.
    """
    running = progress if evidence.state in ON_ITS_WAY else {}
    if running and evidence.code == RETRYING:
        # The record says so from one attempt's end to the next one's; while that runs, nobody waits.
        evidence = replace(evidence, delayed=False, code=None, detail={})
    reason, remedy = _told(evidence)
    path = f"/v1/evidence/{evidence.id}"
    return {
        "id": evidence.id,
        "state": evidence.state,
        "delayed": evidence.delayed,
        "code": evidence.code,
        "reason": reason,
        "remedy": remedy,
        "filename": evidence.filename,
        "media_type": evidence.media_type,
        "size_bytes": evidence.size_bytes,
        "sha256": evidence.sha256,
        "created_at": instant(evidence.created_at),
        "updated_at": instant(evidence.updated_at),
        "version": evidence.version,
        "scan": _scan(evidence.scan),
        "flags": list(evidence.flags),
        "pages": evidence.facts.get("pages") if evidence.facts.get("kind") in PAGED else None,
        "no_preview": _no_preview(evidence.facts),
        "stages": [_stage(stage, running.get(stage.name)) for stage in evidence.stages],
        "renditions": [_rendition(path, rendition) for rendition in evidence.renditions],
        "original": {"url": f"{path}/original"},
    }


def instant(moment: datetime) -> str:
    """Format a time as RFC 3339 in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _instant_if_any(moment: datetime | None) -> str | None:
    return instant(moment) if moment else None


def _told(evidence: Evidence) -> tuple[str | None, str | None]:
    if evidence.code is None:
        return None, None
    return load_reasons()[evidence.code].told(evidence.detail)


def _scan(scan: Scan | None) -> answers.Scan | None:
    if scan is None:
        return None
    return {
        "verdict": scan.verdict,
        "coverage": scan.coverage,
        "engine": scan.engine,
        "signatures_at": _instant_if_any(scan.signatures_at),
    }


def _no_preview(facts: Mapping[str, Any]) -> answers.NoPreview | None:
    if "no_picture" not in facts:
        return None
    return {"code": facts["no_picture"], "reason": facts["no_picture_reason"]}


def _stage(stage: Stage, running: Progress | None) -> answers.Stage:
    shown: answers.Stage = {
        "name": stage.name,
        "state": stage.state,
        "progress": 1.0 if stage.state in {StageState.DONE, StageState.SKIPPED} else 0.0,
        "eta_seconds": None,
        "attempts": stage.attempt,
        "started_at": _instant_if_any(stage.started_at),
        "ended_at": _instant_if_any(stage.ended_at),
    }
    if stage.state is StageState.WAITING and stage.attempt and running:
        shown |= {
            "state": StageState.RUNNING,
            "progress": running.progress,
            "eta_seconds": running.eta_seconds,
            "started_at": instant(running.started_at),
        }
    return shown


def _rendition(path: str, rendition: Rendition) -> answers.Rendition:
    return {
        "kind": rendition.kind,
        "media_type": rendition.media_type,
        "size_bytes": rendition.size_bytes,
        "sha256": rendition.sha256,
        "width": rendition.width,
        "height": rendition.height,
        "duration_seconds": rendition.duration_seconds,
        "url": f"{path}/renditions/{rendition.kind}",
    }
