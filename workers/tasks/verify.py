"""Verify: what the bytes really are, whole and safe, and every member inside them scanned."""

from dataclasses import replace

from scanning.outcome import ScanOutcome
from storage.evidence import Evidence, Scan, original_key
from storage.states import EvidenceState
from transcode.children import ChildResult
from workers.context import Context
from workers.decisions import Ending, ended, verified
from workers.tasks.finding import Finding
from workers.tasks.replies import Inspected, Member, Refused
from workers.tasks.scan import as_scan, refused, require_fresh, sealed

#: Most that the inspection of one file may take, in seconds.
_INSPECTION_SECONDS = 300.0

#: The function that runs in the sandboxed child.
INSPECT = "scanning.inspection:inspect"


async def verify(context: Context, evidence: Evidence) -> Finding:
    """Inspect the original in a sandboxed child and scan what it holds. Raises as `scan`, and `ToolError`."""
    if evidence.scan is None or evidence.sha256 is None:
        raise ValueError("evidence reached verification without a verdict on its bytes")
    async with (
        context.blobs.open_local(original_key(evidence.id), evidence.sha256) as path,
        context.children.call(
            INSPECT, {"extension": evidence.extension}, input=path, timeout_seconds=_INSPECTION_SECONDS
        ) as child,
    ):
        found = Inspected.model_validate({"found": child.value}).found
        outcomes = await _scan_members(context, child, found.members)
    if ending := refused(outcomes[-1]) if outcomes else None:
        return _end(ending, as_scan(outcomes[-1], evidence.sha256))
    scan = sealed(evidence.scan, outcomes)
    if isinstance(found, Refused):
        return _end(
            Ending(EvidenceState(found.state), found.code, found.detail), scan if found.whole else None
        )
    content = found.content()
    return Finding(lambda now, run: verified(now, run, content, scan))


async def _scan_members(context: Context, child: ChildResult, members: list[Member]) -> list[ScanOutcome]:
    """Scan members under their own types, up to the first unsafe one, whose outcome tells its name."""
    outcomes: list[ScanOutcome] = []
    for member in members:
        outcome = await context.scanner.scan_file(child.file(member.file))
        if refused(outcome):
            return [*outcomes, replace(outcome, detail={**outcome.detail, "member": member.name})]
        require_fresh(context.settings, outcome)
        outcomes.append(outcome)
    return outcomes


def _end(ending: Ending, scan: Scan | None) -> Finding:
    return Finding(lambda now, run: ended(now, run, ending, scan))
