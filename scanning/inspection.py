"""The inspection of one file, from its bytes to the decision, with everything inside it taken out.

`inspect` runs in a sandboxed child: plain arguments, a JSON-able value, no effect but the members' files.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from config.formats import load_formats
from scanning.acceptance import Accepted, Refused, decide
from scanning.content import open_content
from scanning.findings import Finding
from scanning.identification import CHECKED_TYPES, identify
from scanning.members import Members, limits_for
from scanning.memory import limited_memory
from scanning.nesting import unpack

#: Most that an inspection may take besides what the process has; a genuine file takes a tenth.
_MORE_BYTES = 384 << 20


def inspect(input_path: Path, folder: Path, extension: str | None = None) -> dict[str, Any]:
    """Say whether the file at `input_path` may be taken under the accepted `extension`, or under none.

    The value has `accepted`, `type`, `media_type`, `kind`, `flags`, `facts`; for a refusal `state`, `code`
    and `detail`; `members`, each with `name`, `file` (in `folder`) and `size_bytes`, all of which the caller
    must have scanned, of a file that somebody may get to see; and `whole`: whether they are all that is
    inside. Raises `OSError` if the file cannot be read or the disk is full.
    """
    with limited_memory(_MORE_BYTES), open_content(input_path) as content:
        if content.size_bytes == 0:
            return _refused(Refused("rejected", "empty_file"), None)
        members = Members(folder, limits_for(content.size_bytes))
        known = identify(content)
        finding, decision = _judge(known[0] if known else None, extension)
        whole = True
        if known and finding and _is_open(decision):
            unpacked = unpack(content, finding, known[1], members)
            whole = unpacked.whole
            finding, decision = _judge(unpacked.finding, extension)
    inside = members.written if _is_open(decision) else []
    found = {"members": [asdict(member) for member in inside], "whole": whole}
    if isinstance(decision, Accepted):
        return {**asdict(decision), "accepted": True, "facts": _facts(finding), **found}
    return {**_refused(decision, finding), **found}


def _judge(finding: Finding | None, extension: str | None) -> tuple[Finding | None, Accepted | Refused]:
    return finding, decide(load_formats(), CHECKED_TYPES, extension, finding)


def _is_open(decision: Accepted | Refused) -> bool:
    """Say whether anybody may still get to see the content, so that what is inside matters."""
    return isinstance(decision, Accepted) or decision.state == "held"


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
        "whole": True,
    }


def _facts(finding: Finding | None) -> dict[str, Any]:
    return dict(finding.checked.facts) if finding else {}
