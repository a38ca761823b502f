"""The pipeline as a table: which stage is due in which state, on which queue, for which kind of evidence."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from storage.evidence import Evidence, Job, Stage
from storage.states import SETTLED, EvidenceState, StageName, StageState


@dataclass(frozen=True, slots=True)
class Step:
    """One row: a stage, the state in which it is due, and the queue of the resource it needs."""

    stage: StageName
    due_in: EvidenceState
    queue: str
    #: Kinds of evidence (`config.formats`) that need it; `None`: every kind.
    kinds: frozenset[str] | None = None


#: Every stage, in the order it is shown. Audio goes to video's queue, documents to image's.
PIPELINE: tuple[Step, ...] = (
    Step(StageName.SCAN, EvidenceState.RECEIVED, "scan"),
    Step(StageName.VERIFY, EvidenceState.SCANNED, "verify"),
    Step(StageName.TRANSCODE, EvidenceState.VERIFIED, "video", frozenset({"video", "audio"})),
    Step(
        StageName.THUMBNAIL,
        EvidenceState.VERIFIED,
        "image",
        frozenset({"video", "image", "document", "data", "text", "web"}),
    ),
)

STEPS: Mapping[StageName, Step] = {step.stage: step for step in PIPELINE}

#: The queues, one per kind of resource.
QUEUES: tuple[str, ...] = tuple(dict.fromkeys(step.queue for step in PIPELINE))


def first_stages() -> tuple[Stage, ...]:
    """Return the stages of new evidence: all waiting, none due."""
    return tuple(Stage(step.stage) for step in PIPELINE)


def enter(
    evidence: Evidence, state: EvidenceState, kind: str | None, now: datetime
) -> tuple[Evidence, tuple[Job, ...]]:
    """Put evidence in `state`: make its stages due, skip those its `kind` does not need, name the jobs.

    When the stages due in `state` are all settled already, the evidence goes on to ready.
    """
    stages: list[Stage] = []
    jobs: list[Job] = []
    for stage in evidence.stages:
        step = STEPS[stage.name]
        due = step.due_in == state and stage.state is StageState.WAITING
        if due and step.kinds is not None and kind not in step.kinds:
            stages.append(replace(stage, state=StageState.SKIPPED))
        elif due:
            attempt = stage.attempt + 1
            stages.append(replace(stage, attempt=attempt))
            jobs.append(job_of(evidence, stage.name, attempt, now))
        else:
            stages.append(stage)
    after = settle(replace(evidence, state=state, stages=tuple(stages)))
    return after, tuple(jobs)


def settle(evidence: Evidence) -> Evidence:
    """Make verified evidence ready when nothing is left to do on it and its bytes are proved safe."""
    done = all(stage.state in SETTLED for stage in evidence.stages)
    if evidence.state is EvidenceState.VERIFIED and done and is_proved(evidence):
        return replace(evidence, state=EvidenceState.READY)
    return evidence


def is_proved(evidence: Evidence) -> bool:
    """Tell whether the exact bytes were scanned clean, members included (DESIGN: nothing unsafe is ready)."""
    scan = evidence.scan
    return (
        scan is not None
        and scan.sha256 == evidence.sha256
        and (scan.verdict, scan.coverage) in {("clean", "full"), ("clean_windowed", "windows")}
    )


def job_of(evidence: Evidence, stage: StageName, attempt: int, due_at: datetime) -> Job:
    """Return the job that runs one attempt of a stage."""
    return Job(evidence.id, evidence.centre_id, stage, attempt, STEPS[stage].queue, due_at)


def is_due(evidence: Evidence, stage_name: StageName, attempt: int) -> bool:
    """Tell whether this attempt of a stage is what the record waits for; a stale delivery is not."""
    stage = evidence.stage(stage_name)
    return (
        evidence.state is STEPS[stage_name].due_in
        and stage.state is StageState.WAITING
        and stage.attempt == attempt
    )


def open_job_ids(evidence: Evidence) -> tuple[str, ...]:
    """Return the ids of all jobs that the record waits for, to be dropped when evidence reaches an end."""
    return tuple(
        job_of(evidence, stage.name, stage.attempt, evidence.updated_at).id
        for stage in evidence.stages
        if stage.state is StageState.WAITING and stage.attempt
    )
