"""Scan: the raw bytes of the original, whole, beside their SHA-256."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from config.settings import Settings
from scanning.freshness import is_fresh
from scanning.outcome import ScanOutcome, Verdict
from storage.digests import sha256_file
from storage.errors import Damaged
from storage.evidence import Evidence, Scan, original_key, sidecar_key
from storage.states import EvidenceState
from workers.context import Context
from workers.decisions import Ending, ended, scanned
from workers.tasks.finding import Finding, Outage

#: What an evidence's scan covers until `verify` has had its members scanned too.
RAW_BYTES = "raw_bytes"


async def scan(context: Context, evidence: Evidence) -> Finding:
    """Scan and hash the original.

    Raises `Outage`, `ScannerUnavailable`, `StorageError`; `Damaged` when it is not what was received.
    """
    async with (
        context.blobs.open_local(original_key(evidence.id), None) as path,
        asyncio.TaskGroup() as tasks,
    ):
        scanning = tasks.create_task(context.scanner.scan_file(path))
        hashing = tasks.create_task(sha256_file(path))
    outcome, sha256 = scanning.result(), hashing.result()
    if evidence.sha256 not in {None, sha256}:
        raise Damaged(f"the original's SHA-256 is {sha256}, and was {evidence.sha256} when it arrived")
    verdict = as_scan(outcome, sha256)
    if ending := refused(outcome):
        return Finding(lambda now, run: ended(now, run, ending, verdict))
    require_fresh(context.settings, outcome)
    await context.blobs.write_bytes(sidecar_key(evidence.id), _sidecar(evidence, sha256))
    return Finding(lambda now, run: scanned(now, run, verdict))


def as_scan(outcome: ScanOutcome, sha256: str) -> Scan:
    """Return the verdict as the record keeps it, bound to the bytes it is of."""
    return Scan(
        verdict=outcome.verdict,
        coverage=RAW_BYTES,
        engine=outcome.engine,
        signatures_at=outcome.signatures_at,
        sha256=sha256,
        signature=outcome.signature,
        detail=outcome.detail,
    )


def refused(outcome: ScanOutcome) -> Ending | None:
    """Return the end a verdict leads to: an infection, or bytes that could not be scanned whole."""
    if outcome.verdict is Verdict.INFECTED:
        return Ending(EvidenceState.INFECTED, "infected", {"signature": outcome.signature or "unnamed"})
    if outcome.verdict is Verdict.UNSCANNED:
        return Ending(EvidenceState.HELD, "held_unscanned", {})
    return None


def require_fresh(settings: Settings, outcome: ScanOutcome) -> None:
    """Raise `Outage` when a clean verdict rests on signatures that are too old or of unknown age."""
    fresh = is_fresh(
        outcome.signatures_at,
        datetime.now(UTC),
        timedelta(seconds=settings.signature_max_age_seconds),
        allow_unknown=settings.allow_demonstration_signatures,
    )
    if not fresh:
        raise Outage("signatures_stale")


def _sidecar(evidence: Evidence, sha256: str) -> bytes:
    """Return the record beside the original: enough to rebuild the database's row from the bytes."""
    facts: dict[str, Any] = {
        "id": evidence.id,
        "centre_id": evidence.centre_id,
        "created_at": evidence.created_at.isoformat(),
        "filename": evidence.filename,
        "extension": evidence.extension,
        "size_bytes": evidence.size_bytes,
        "sha256": sha256,
    }
    return json.dumps(facts, sort_keys=True, ensure_ascii=False).encode()


def sealed(scan: Scan, members: Sequence[ScanOutcome]) -> Scan:
    """Return the verdict with its coverage sealed: every member was scanned under its own type too.

    The word clean is not used when only windows of the file, or of a member, were scanned.
    """
    windowed = [each for each in members if each.verdict is Verdict.CLEAN_WINDOWED]
    detail = {**scan.detail, "members": len(members), "members_windowed": len(windowed)}
    if scan.verdict == Verdict.CLEAN and not windowed:
        return replace(scan, coverage="full", detail=detail)
    return replace(scan, verdict=Verdict.CLEAN_WINDOWED, coverage="windows", detail=detail)
