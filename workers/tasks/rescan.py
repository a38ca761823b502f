"""Rescan: evidence that was clean is scanned again, with its members, when there are new signatures.

No stage: nothing waits for it, ready evidence stays served meanwhile, and only a hit changes the record.
"""

from datetime import UTC, datetime

import structlog

from storage.errors import NotFound
from storage.evidence import Evidence, Scan, original_key
from storage.states import EvidenceState
from workers.context import Context
from workers.decisions import Ending
from workers.judging import RESCANNED, found_infected
from workers.tasks.scan import as_scan, refused
from workers.tasks.verify import unsafe_member

_log = structlog.get_logger()


async def rescan(context: Context, evidence_id: str) -> None:
    """Scan one piece of evidence again and withdraw it when a virus is found.

    Raises `ScanningError`, `StorageError`, `ToolError`: nothing is known then, and it is due still.
    """
    began_at = datetime.now(UTC)
    evidence = await context.evidence.load(evidence_id, None)
    if evidence.state in RESCANNED and evidence.sha256:
        try:
            hit = await _hit(context, evidence, evidence.sha256)
        except NotFound:
            _log.error("original_missing", evidence_id=evidence_id)
            hit = None
        if hit:
            await _withdraw(context, evidence_id, *hit)
    await context.upkeep.mark_rescanned(evidence_id, began_at)


async def _hit(context: Context, evidence: Evidence, sha256: str) -> tuple[Ending, Scan] | None:
    async with context.blobs.open_local(original_key(evidence.id), sha256) as path:
        outcome = await context.scanner.scan_file(path)
        ending = refused(outcome)
        found = (ending, as_scan(outcome, sha256)) if ending else None
        if found is None:
            found = await unsafe_member(context, evidence, path, sha256)
    if found is None or found[0].state is EvidenceState.INFECTED:
        return found
    # A limit of the scanner's says nothing against a verdict that was reached before.
    _log.warning("rescan_incomplete", evidence_id=evidence.id, code=found[0].code)
    return None


async def _withdraw(context: Context, evidence_id: str, ending: Ending, scan: Scan) -> None:
    changed = await context.evidence.change(
        evidence_id, lambda evidence: found_infected(evidence, context.name, ending, scan)
    )
    if changed:
        _log.warning("withdrawn_by_rescan", evidence_id=evidence_id, state_before=str(changed.before.state))
        await context.queue.follow_up(changed)
