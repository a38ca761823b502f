"""What each finding does to a piece of evidence: pure functions from a value and a finding to a change.

Every function returns `None` when the record no longer waits for what was found (the stage was finished
by another delivery, or the evidence reached an end meanwhile): the finding is then dropped, and whatever
was made for it. So each effect happens exactly once, whoever finishes first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from storage.evidence import Change, Evidence, Job, Rendition, Scan, Stage
from storage.states import ON_ITS_WAY, EvidenceState, StageName, StageState
from workers.pipeline import STEPS, enter, forget_segments, is_due, job_of, open_job_ids, settle

#: A sandboxed child seen to die this often on one piece of evidence ends its stage.
MAX_DEATHS = 2

#: Fact, and flag for reviewers, of evidence that was decoded although its decoder complained.
DECODER_NOISE = "decoder_noise"

#: Fact that goes to the audit trail and nowhere else: when and with what the original was taken.
CAPTURED = "captured"

_FIRST_BACKOFF_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a job by one worker: what a decision must know besides the finding."""

    job: Job
    #: Who ran it, for the audit trail.
    actor: str
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Ending:
    """An end that is not ready, found by a stage: state, code and the code's details."""

    state: EvidenceState
    code: str
    detail: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Digests:
    """SHA-256 (hex) of received bytes, each where it is known already."""

    #: Of what is stored; the scan compares it with what it reads.
    stored: str | None = None
    #: Of what was sent, as its sender says.
    sent: str | None = None


def received(
    evidence: Evidence, size_bytes: int, actor: str, now: datetime, digests: Digests = Digests()
) -> Change | None:
    """Every byte is stored: scanning is due. An empty file, or another than was sent, is rejected at once."""
    if evidence.state is not EvidenceState.RECEIVING:
        return None
    whole = replace(evidence, size_bytes=size_bytes, sha256=digests.stored, delayed=False, code=None)
    known = {"sha256": digests.stored} if digests.stored else {}
    if size_bytes == 0:
        after = replace(whole, state=EvidenceState.REJECTED, code="empty_file")
        return Change(after, "rejected", actor)
    if digests.sent not in {None, digests.stored}:
        after = replace(whole, state=EvidenceState.REJECTED, code="digest_mismatch")
        return Change(after, "rejected", actor, note=known | {"sent_sha256": digests.sent})
    after, jobs = enter(whole, EvidenceState.RECEIVED, None, now)
    return Change(after, "received", actor, add_jobs=jobs, note={"size_bytes": size_bytes} | known)


def abandoned(evidence: Evidence, ending: Ending, actor: str) -> Change | None:
    """Its upload ended before the last byte: cancelled, expired, or not acceptable after all."""
    if evidence.state is not EvidenceState.RECEIVING:
        return None
    after = replace(evidence, state=ending.state, delayed=False, code=ending.code, detail=ending.detail)
    return Change(after, str(ending.state), actor)


def lacks_room(evidence: Evidence, actor: str) -> Change | None:
    """All of its bytes are here, in parts, and there is no room to join them: it waits. Said once."""
    if evidence.state is not EvidenceState.RECEIVING or evidence.delayed:
        return None
    after = replace(evidence, delayed=True, code="storage_full")
    return Change(after, "delayed", actor, note={"code": "storage_full"})


def scanned(evidence: Evidence, run: Run, scan: Scan) -> Change | None:
    """The raw bytes are clean and hashed: verification is due."""
    if not is_awaited(evidence, run):
        return None
    marked = _done(replace(evidence, scan=scan, sha256=scan.sha256), run)
    after, jobs = enter(marked, EvidenceState.SCANNED, None, run.ended_at)
    return Change(
        after, "scanned", run.actor, jobs, (run.job.id,), {"sha256": scan.sha256, "verdict": scan.verdict}
    )


@dataclass(frozen=True, slots=True)
class Content:
    """What verification found the content to be."""

    #: Row of `config.formats`, with its media type and kind.
    type: str
    media_type: str
    kind: str
    flags: Sequence[str] = ()
    #: What was measured.
    facts: Mapping[str, Any] = field(default_factory=dict)


def verified(evidence: Evidence, run: Run, content: Content, scan: Scan) -> Change | None:
    """The content is what the name says and every member was scanned: the renditions are due."""
    if not is_awaited(evidence, run):
        return None
    marked = replace(_known(_done(evidence, run), content), scan=scan)
    after, jobs = enter(marked, EvidenceState.VERIFIED, content.kind, run.ended_at)
    note = {"format": content.type, "coverage": scan.coverage}
    return Change(after, "verified", run.actor, jobs, (run.job.id,), note)


def rendered(
    evidence: Evidence, run: Run, renditions: tuple[Rendition, ...], facts: Mapping[str, Any]
) -> Change | None:
    """A stage made its renditions, or found that this kind has none.

    The last stage to end makes the evidence ready.
    """
    if not is_awaited(evidence, run):
        return None
    marked = _done(evidence, run, StageState.DONE if renditions else StageState.SKIPPED)
    after = settle(
        replace(
            marked,
            renditions=(*evidence.renditions, *renditions),
            flags=tuple(sorted({*evidence.flags, *({DECODER_NOISE} & facts.keys())})),
            facts={**evidence.facts, **{name: fact for name, fact in facts.items() if name != CAPTURED}},
        )
    )
    note = {"stage": run.job.stage, "renditions": [rendition.kind for rendition in renditions]}
    if CAPTURED in facts:
        note[CAPTURED] = facts[CAPTURED]
    return Change(after, "rendered", run.actor, drop_jobs=(run.job.id,), note=note)


def ended(
    evidence: Evidence, run: Run, ending: Ending, scan: Scan | None = None, content: Content | None = None
) -> Change | None:
    """A stage found that this evidence cannot become ready; what its content is may be known all the same."""
    if not is_awaited(evidence, run):
        return None
    failed = _done(evidence, run, StageState.FAILED)
    if content:
        failed = _known(failed, content)
    after = replace(
        failed,
        state=ending.state,
        code=ending.code,
        detail=dict(ending.detail),
        scan=scan or evidence.scan,
        sha256=evidence.sha256 or (scan.sha256 if scan else None),
    )
    after, sweep = forget_segments(after, run.ended_at)
    note = {"code": ending.code, "stage": run.job.stage}
    return Change(after, str(ending.state), run.actor, sweep, open_job_ids(evidence), note)


def delayed(evidence: Evidence, run: Run, code: str) -> Change | None:
    """A part of ours is down: the state stays and says why it waits. Said once, not at every look."""
    if not is_awaited(evidence, run) or (evidence.delayed and evidence.code == code):
        return None
    after = replace(evidence, delayed=True, code=code, detail={})
    return Change(after, "delayed", run.actor, note={"code": code, "stage": run.job.stage})


def attempt_failed(
    evidence: Evidence, run: Run, error: str, limits: "Limits", *, died: bool
) -> Change | None:
    """An attempt failed: the next one is due after a pause, until there were too many.

    `died`: the sandboxed child was seen to die, which counts towards `MAX_DEATHS`.
    """
    if not is_awaited(evidence, run):
        return None
    stage = evidence.stage(run.job.stage)
    counted = replace(stage, deaths=stage.deaths + died)
    note = {"stage": run.job.stage, "attempt": run.job.attempt, "error": error[-2000:], "died": died}
    if counted.deaths >= MAX_DEATHS or stage.attempt % limits.max_attempts == 0:
        return _given_up(evidence, run, counted, note)
    due_at = run.ended_at + timedelta(seconds=backoff_seconds(run.job.attempt, limits.max_backoff_seconds))
    retried = replace(counted, attempt=stage.attempt + 1)
    after = replace(
        evidence,
        delayed=True,
        code="retrying",
        detail={},
        stages=with_stage(evidence.stages, retried),
        segments=tuple(
            replace(segment, attempt=retried.attempt) if segment.number == run.job.segment else segment
            for segment in evidence.segments
        ),
    )
    job = job_of(evidence, run.job.stage, retried.attempt, due_at, run.job.segment)
    return Change(after, "attempt_failed", run.actor, (job,), (run.job.id,), note)


def redriven(evidence: Evidence, actor: str, now: datetime) -> Change | None:
    """An operator runs failed evidence again from the stage that failed."""
    if evidence.state is not EvidenceState.FAILED:
        return None
    failed = next(stage for stage in evidence.stages if stage.state is StageState.FAILED)
    state = STEPS[failed.name].due_in
    again = tuple(
        replace(stage, state=StageState.WAITING, deaths=0)
        if STEPS[stage.name].due_in == state and stage.state in {StageState.FAILED, StageState.WAITING}
        else stage
        for stage in evidence.stages
    )
    clear = replace(evidence, stages=again, code=None, detail={}, delayed=False)
    after, jobs = enter(clear, state, clear.facts.get("kind"), now)
    return Change(after, "redriven", actor, jobs, note={"stage": failed.name})


@dataclass(frozen=True, slots=True)
class Limits:
    """How often and how fast a failed attempt is repeated."""

    #: As many again for each time that an operator runs it again.
    max_attempts: int
    max_backoff_seconds: float


def backoff_seconds(attempt: int, longest: float) -> float:
    """Return the pause after the given attempt (from 1): 2, 4, 8 … seconds, at most `longest`."""
    return min(longest, _FIRST_BACKOFF_SECONDS * 2.0 ** min(attempt - 1, 30))


def is_awaited(evidence: Evidence, run: Run) -> bool:
    """Tell whether the record still waits for what this run finds."""
    job = run.job
    return evidence.state in ON_ITS_WAY and is_due(evidence, job.stage, job.attempt, job.segment)


def _done(evidence: Evidence, run: Run, state: StageState = StageState.DONE) -> Evidence:
    """Settle the run's stage and end any delay."""
    stage = replace(
        evidence.stage(run.job.stage), state=state, started_at=run.started_at, ended_at=run.ended_at
    )
    return replace(evidence, stages=with_stage(evidence.stages, stage), delayed=False, code=None, detail={})


def _known(evidence: Evidence, content: Content) -> Evidence:
    """Keep what the content was found to be."""
    return replace(
        evidence,
        format=content.type,
        media_type=content.media_type,
        flags=tuple(sorted({*evidence.flags, *content.flags})),
        facts={**evidence.facts, **content.facts, "kind": content.kind},
    )


def _given_up(evidence: Evidence, run: Run, stage: Stage, note: Mapping[str, Any]) -> Change:
    failed = replace(stage, state=StageState.FAILED, started_at=run.started_at, ended_at=run.ended_at)
    after = replace(
        evidence,
        state=EvidenceState.FAILED,
        delayed=False,
        code="processing_failed",
        detail={"problem": _IN_WORDS[run.job.stage]},
        stages=with_stage(evidence.stages, failed),
    )
    after, sweep = forget_segments(after, run.ended_at)
    return Change(after, "failed", run.actor, sweep, open_job_ids(evidence), note)


_IN_WORDS = {
    StageName.SCAN: "the virus scan did not finish",
    StageName.VERIFY: "the check of its content did not finish",
    StageName.TRANSCODE: "the copy for viewing could not be made",
    StageName.THUMBNAIL: "the preview pictures could not be made",
}


def with_stage(stages: tuple[Stage, ...], changed: Stage) -> tuple[Stage, ...]:
    """Return the stages with one of them changed."""
    return tuple(changed if stage.name == changed.name else stage for stage in stages)
