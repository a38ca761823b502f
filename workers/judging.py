"""What people and later scans decide of evidence that has reached an end: pure functions to a change.

Apart from `workers.decisions`, which follow one run of a stage: nothing here is awaited by a job.
"""

from dataclasses import replace
from datetime import datetime

from storage.evidence import Change, Evidence, Scan, Stage
from storage.records.audit import PURGED
from storage.states import EvidenceState, StageState
from workers.decisions import Ending
from workers.pipeline import STEPS, enter, is_proved, open_job_ids

#: Flag of evidence that a person released, for whoever reviews it.
RELEASED = "released"

#: Evidence in these states is looked at again when there are new signatures: somebody may get to see it.
RESCANNED = frozenset({EvidenceState.READY, EvidenceState.HELD, EvidenceState.FAILED})

#: Evidence in these states is kept for a while and then deleted; its record stays.
QUARANTINED = frozenset({EvidenceState.INFECTED, EvidenceState.REJECTED})


class NotHeld(Exception):
    """Only held evidence waits for a person's decision."""


class NotProved(Exception):
    """The bytes, or what is inside them, were not wholly scanned, or nobody knows what they are."""


def released(evidence: Evidence, actor: str, reason: str, now: datetime) -> Change:
    """A person looked and lets held evidence go on: what is still to be made of it is due.

    A stage that had given up on it is not tried again. Raises `NotHeld`, and `NotProved` for evidence that
    was not wholly scanned: no person can see a virus.
    """
    _require_held(evidence)
    kind = evidence.facts.get("kind")
    if not is_proved(evidence) or kind is None:
        raise NotProved(evidence.id)
    clear = replace(
        evidence,
        stages=tuple(_given_up(stage) for stage in evidence.stages),
        flags=tuple(sorted({*evidence.flags, RELEASED})),
        code=None,
        detail={},
    )
    after, jobs = enter(clear, EvidenceState.VERIFIED, kind, now)
    return Change(after, "released", actor, jobs, note={"code": evidence.code, "reason": reason})


def turned_down(evidence: Evidence, actor: str, reason: str) -> Change:
    """A person looked and does not accept held evidence. Raises `NotHeld`."""
    _require_held(evidence)
    after = replace(
        evidence, state=EvidenceState.REJECTED, code="turned_down", detail={"problem": reason}, delayed=False
    )
    return Change(after, "turned_down", actor, note={"code": evidence.code, "reason": reason})


def found_infected(evidence: Evidence, actor: str, ending: Ending, scan: Scan) -> Change | None:
    """New signatures find a virus in evidence that was clean before: it is withdrawn from everybody."""
    if evidence.state not in RESCANNED:
        return None
    after = replace(
        evidence, state=ending.state, code=ending.code, detail=dict(ending.detail), scan=scan, delayed=False
    )
    earlier = evidence.scan.verdict if evidence.scan else None
    note = {"code": ending.code, "from": str(evidence.state), "earlier_verdict": earlier, "rescan": True}
    return Change(after, str(ending.state), actor, drop_jobs=open_job_ids(evidence), note=note)


def purged(evidence: Evidence, actor: str) -> Change | None:
    """The bytes of quarantined evidence are deleted; its record stays, without renditions."""
    if evidence.state not in QUARANTINED:
        return None
    return Change(replace(evidence, renditions=()), PURGED, actor, note={"sha256": evidence.sha256})


def _require_held(evidence: Evidence) -> None:
    if evidence.state is not EvidenceState.HELD:
        raise NotHeld(evidence.id)


def _given_up(stage: Stage) -> Stage:
    """Settle what had ended: a check that asked for a person is done, what could not be made is left out."""
    if stage.state is not StageState.FAILED:
        return stage
    checked = STEPS[stage.name].due_in is not EvidenceState.VERIFIED
    return replace(stage, state=StageState.DONE if checked else StageState.SKIPPED)
