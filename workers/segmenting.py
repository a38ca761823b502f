"""What becomes of a transcode that is cut into segments: pure functions from a finding to a change.

As in `workers.decisions`, `None` means that the record no longer waits for what was found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from storage.evidence import Change, Evidence, Rendition
from storage.segment import Segment, SegmentWork
from workers.decisions import Run, is_awaited, rendered, with_stage
from workers.pipeline import SEGMENTED, forget_segments, job_of, open_segment_ids

#: Facts of evidence whose film has to be encoded whole: why, and how large its segments were if too large.
WHOLE = "encoded_whole"
JOINED_BYTES = "joined_bytes"
#: Fact of evidence whose film was cut: the profile that all its segments are made by.
PROFILE = "profile"
#: The one that made what was cut before profiles were chosen.
FORMER = "review-1080p"


@dataclass(frozen=True, slots=True)
class MadeSegment:
    """What was made of one segment."""

    blob_id: str
    sha256: str
    complaints: int
    frames: int
    parameters_sha256: str
    #: The exact command line, for the audit trail.
    command: Sequence[str]


def segmented(evidence: Evidence, run: Run, segments: Sequence[Segment], profile: str) -> Change | None:
    """The film is long: its segments are due in place of the whole, the join only after all others.

    Workers may be set to other profiles than the one that cut it: its name stays with the film.
    """
    if not is_awaited(evidence, run):
        return None
    begun = replace(evidence.stage(SEGMENTED), started_at=run.started_at)
    due = tuple(
        segment if segment.work is SegmentWork.JOIN else replace(segment, attempt=begun.attempt)
        for segment in segments
    )
    facts = {**evidence.facts, PROFILE: profile}
    after = replace(evidence, stages=with_stage(evidence.stages, begun), segments=due, facts=facts)
    jobs = tuple(
        job_of(evidence, SEGMENTED, segment.attempt, run.ended_at, segment.number)
        for segment in due
        if segment.attempt
    )
    note = {"segments": len(jobs), PROFILE: profile}
    return Change(after, "segmented", run.actor, jobs, (run.job.id,), note)


def encoded(evidence: Evidence, run: Run, made: MadeSegment) -> Change | None:
    """One segment is made; whichever transaction makes the last one makes the join due."""
    if not is_awaited(evidence, run):
        return None
    segments = tuple(
        replace(
            segment,
            blob_id=made.blob_id,
            sha256=made.sha256,
            complaints=made.complaints,
            frames=made.frames,
            parameters_sha256=made.parameters_sha256,
        )
        if segment.number == run.job.segment
        else segment
        for segment in evidence.segments
    )
    attempt = evidence.stage(SEGMENTED).attempt
    last = all(segment.blob_id or segment.work is SegmentWork.JOIN for segment in segments)
    joins = [segment for segment in segments if last and segment.work is SegmentWork.JOIN]
    after = replace(
        evidence,
        segments=tuple(
            replace(segment, attempt=attempt) if segment in joins else segment for segment in segments
        ),
        delayed=False,
        code=None,
        detail={},
    )
    jobs = tuple(job_of(evidence, SEGMENTED, attempt, run.ended_at, join.number) for join in joins)
    note = {"segment": run.job.segment, "sha256": made.sha256, "command": list(made.command)}
    return Change(after, "segment_encoded", run.actor, jobs, (run.job.id,), note)


def joined(
    evidence: Evidence, run: Run, renditions: tuple[Rendition, ...], facts: Mapping[str, Any]
) -> Change | None:
    """All segments are one rendition: the stage is done, what was made of them can go."""
    begun_at = evidence.stage(SEGMENTED).started_at or run.started_at
    change = rendered(evidence, replace(run, started_at=begun_at), renditions, facts)
    if change is None:
        return None
    after, sweep = forget_segments(change.after, run.ended_at)
    return replace(change, after=after, add_jobs=sweep)


def doubted(evidence: Evidence, run: Run, facts: Mapping[str, Any]) -> Change | None:
    """What was cut does not add up: the film is encoded whole, which decides what is wrong with it.

    `facts` say why (`WHOLE`), and how many bytes were too many (`JOINED_BYTES`).
    """
    if not is_awaited(evidence, run):
        return None
    stage = evidence.stage(SEGMENTED)
    again = replace(stage, attempt=stage.attempt + 1)
    after, sweep = forget_segments(evidence, run.ended_at)
    after = replace(after, stages=with_stage(evidence.stages, again), facts={**evidence.facts, **facts})
    whole = job_of(evidence, SEGMENTED, again.attempt, run.ended_at)
    note = {"segment": run.job.segment, **facts}
    return Change(after, "segments_doubted", run.actor, (*sweep, whole), open_segment_ids(evidence), note)
