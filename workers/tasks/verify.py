"""Verify: what the bytes really are, whole and safe, and every member inside them scanned."""

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
        if isinstance(found, Refused):
            return _end(Ending(EvidenceState(found.state), found.code, found.detail), None)
        if unsafe := await _unsafe_member(context, child, found.members, evidence.sha256):
            return unsafe
        content, scan = found.content(), sealed(evidence.scan, len(found.members))
    return Finding(lambda now, run: verified(now, run, content, scan))


async def _unsafe_member(
    context: Context, child: ChildResult, members: list[Member], sha256: str
) -> Finding | None:
    """Scan every member under its own type; return the end that the first unsafe one leads to."""
    for member in members:
        outcome = await context.scanner.scan_file(child.file(member.file))
        if ending := refused(outcome):
            return _end(ending, as_scan(outcome, sha256))
        require_fresh(context.settings, outcome)
    return None


def _end(ending: Ending, scan: Scan | None) -> Finding:
    return Finding(lambda now, run: ended(now, run, ending, scan))
