"""Verify: what the bytes really are, whole and safe, and every member inside them scanned."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from scanning.outcome import ScanOutcome
from storage.evidence import Evidence, Scan, original_key
from storage.states import EvidenceState
from transcode.children import ChildResult
from workers.context import Context
from workers.decisions import Content, Ending, ended, verified
from workers.tasks.finding import Finding
from workers.tasks.replies import Accepted, Inspected, Member, Refused
from workers.tasks.scan import as_scan, refused, require_fresh, sealed

#: Most that the inspection of one file may take, in seconds.
_INSPECTION_SECONDS = 300.0

#: The function that runs in the sandboxed child.
INSPECT = "scanning.inspection:inspect"

#: Not everything inside could be taken out, so it was not scanned.
_INCOMPLETE = Ending(EvidenceState.HELD, "held_unscanned", {})


async def verify(context: Context, evidence: Evidence) -> Finding:
    """Inspect the original in a sandboxed child and scan what it holds. Raises as `scan`, and `ToolError`."""
    if evidence.scan is None or evidence.sha256 is None:
        raise ValueError("evidence reached verification without a verdict on its bytes")
    async with (
        context.blobs.open_local(original_key(evidence.id), evidence.sha256) as path,
        _inspected(context, evidence, path) as (found, child),
    ):
        outcomes = await _scan_members(context, child, found.members)
    if outcomes and (unsafe := refused(outcomes[-1])):
        return _end(unsafe, as_scan(outcomes[-1], evidence.sha256))
    for outcome in outcomes:
        require_fresh(context.settings, outcome)
    scan = sealed(evidence.scan, outcomes) if _is_covered(found) else evidence.scan
    return _judged(found, scan)


def _is_covered(found: Accepted | Refused) -> bool:
    """Tell whether the members are all that is inside: of rejected or unknown content none is taken out."""
    rejected = isinstance(found, Refused) and found.state == "rejected"
    return found.whole and found.type is not None and not rejected


def _judged(found: Accepted | Refused, scan: Scan) -> Finding:
    """Return the finding for content whose members are clean."""
    content = found.content()
    if isinstance(found, Refused):
        return _end(Ending(EvidenceState(found.state), found.code, found.detail), scan, content)
    if not found.whole or content is None:
        return _end(_INCOMPLETE, scan, content)
    return Finding(lambda now, run: verified(now, run, content, scan))


async def unsafe_member(
    context: Context, evidence: Evidence, path: Path, sha256: str
) -> tuple[Ending, Scan] | None:
    """Take everything out of the original at `path` and scan it; return the end of the first unsafe one.

    Raises `ScanningError`, `ToolError`.
    """
    async with _inspected(context, evidence, path) as (found, child):
        outcomes = await _scan_members(context, child, found.members)
    unsafe = refused(outcomes[-1]) if outcomes else None
    return (unsafe, as_scan(outcomes[-1], sha256)) if unsafe else None


@asynccontextmanager
async def _inspected(
    context: Context, evidence: Evidence, path: Path
) -> AsyncIterator[tuple[Accepted | Refused, ChildResult]]:
    """Give what a sandboxed child found in the file, and the child while its folder is there."""
    asked = {"extension": evidence.extension}
    async with context.children.call(
        INSPECT, asked, input=path, timeout_seconds=_INSPECTION_SECONDS
    ) as child:
        yield Inspected.model_validate({"found": child.value}).found, child


async def _scan_members(context: Context, child: ChildResult, members: Sequence[Member]) -> list[ScanOutcome]:
    """Scan members under their own types, up to the first unsafe one, whose outcome tells its name."""
    outcomes: list[ScanOutcome] = []
    for member in members:
        outcome = await context.scanner.scan_file(child.file(member.file))
        if refused(outcome):
            return [*outcomes, replace(outcome, detail={**outcome.detail, "member": member.name})]
        outcomes.append(outcome)
    return outcomes


def _end(ending: Ending, scan: Scan, content: Content | None = None) -> Finding:
    return Finding(lambda now, run: ended(now, run, ending, scan, content))
