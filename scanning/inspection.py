"""The inspection of one file, from its bytes to the decision, with everything inside it taken out.

`inspect` runs in a sandboxed child: plain arguments, a JSON-able value, no effect but the members' files.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from config.formats import load_formats
from scanning.acceptance import Accepted, Refused, decide
from scanning.content import Content, open_content
from scanning.detector import Detector
from scanning.findings import Finding, Flawed
from scanning.identification import CHECKED_TYPES, identify, with_problem
from scanning.members import Members


def inspect(input_path: Path, folder: Path, extension: str | None = None) -> dict[str, Any]:
    """Say whether the file at `input_path` may be taken under the accepted `extension`, or under none.

    The value has `accepted`, `type`, `media_type`, `kind`, `flags`, `facts`; for a refusal `state`, `code`
    and `detail`; and `members`, each with `name`, `file` (in `folder`) and `size_bytes`, all of which the
    caller must have scanned. Raises `OSError` if the file cannot be read or the disk is full.
    """
    members = Members(folder)
    with open_content(input_path) as content:
        if content.size_bytes == 0:
            return _refused(Refused("rejected", "empty_file"), None)
        known = identify(content)
        finding, decision = _judge(known[0] if known else None, extension)
        if known and finding and _is_open(decision) and known[1].extract:
            finding, decision = _judge(_with_members(content, finding, known[1], members), extension)
    found = [asdict(member) for member in members.written]
    if isinstance(decision, Accepted):
        return {**asdict(decision), "accepted": True, "facts": _facts(finding), "members": found}
    return {**_refused(decision, finding), "members": found}


def _judge(finding: Finding | None, extension: str | None) -> tuple[Finding | None, Accepted | Refused]:
    return finding, decide(load_formats(), CHECKED_TYPES, extension, finding)


def _is_open(decision: Accepted | Refused) -> bool:
    """Say whether anybody may still get to see the content, so that what is inside matters."""
    return isinstance(decision, Accepted) or decision.state == "held"


def _with_members(content: Content, finding: Finding, detector: Detector, members: Members) -> Finding:
    if detector.extract is None:
        return finding
    try:
        detector.extract(content, members)
    except Flawed as flaw:
        return with_problem(finding, flaw)
    return finding


def _refused(decision: Refused, finding: Finding | None) -> dict[str, Any]:
    unknown: dict[str, Any] = {"type": None, "media_type": None, "kind": None, "flags": []}
    known = {"type": finding.type} if finding else {}
    return {
        **unknown,
        **known,
        **asdict(decision),
        "accepted": False,
        "facts": _facts(finding),
        "members": [],
    }


def _facts(finding: Finding | None) -> dict[str, Any]:
    return dict(finding.checked.facts) if finding else {}
