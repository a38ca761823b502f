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

#: The stage that may be cut into segments, and the number by which a job says that it is for none of them but
#: removes what they left.
SEGMENTED = StageName.TRANSCODE
SWEEP = -1

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


def job_of(
    evidence: Evidence, stage: StageName, attempt: int, due_at: datetime, segment: int | None = None
) -> Job:
    """Return the job that runs one attempt of a stage, or of one segment of it."""
    return Job(evidence.id, evidence.centre_id, stage, attempt, STEPS[stage].queue, due_at, segment)


def is_due(evidence: Evidence, stage_name: StageName, attempt: int, segment: int | None = None) -> bool:
    """Tell whether this attempt of a stage is what the record waits for; a stale delivery is not."""
    stage = evidence.stage(stage_name)
    if evidence.state is not STEPS[stage_name].due_in or stage.state is not StageState.WAITING:
        return False
    if segment is None:
        return stage.attempt == attempt and not (stage_name is SEGMENTED and evidence.segments)
    asked = evidence.segment(segment)
    return asked is not None and asked.blob_id is None and asked.attempt == attempt


def open_job_ids(evidence: Evidence) -> tuple[str, ...]:
    """Return the ids of all jobs that the record waits for, to be dropped when evidence reaches an end."""
    whole = (
        job_of(evidence, stage.name, stage.attempt, evidence.updated_at).id
        for stage in evidence.stages
        if stage.state is StageState.WAITING and stage.attempt
    )
    return (*whole, *open_segment_ids(evidence))


def open_segment_ids(evidence: Evidence) -> tuple[str, ...]:
    """Return the ids of the jobs of segments that the record waits for."""
    return tuple(
        job_of(evidence, SEGMENTED, segment.attempt, evidence.updated_at, segment.number).id
        for segment in evidence.segments
        if segment.blob_id is None
    )


def forget_segments(evidence: Evidence, now: datetime) -> tuple[Evidence, tuple[Job, ...]]:
    """Return the evidence without segments, and the job that removes what was made of them."""
    if not evidence.segments:
        return evidence, ()
    sweep = job_of(evidence, SEGMENTED, evidence.stage(SEGMENTED).attempt, now, SWEEP)
    return replace(evidence, segments=()), (sweep,)
