"""Sweep away what segments of a film left: nothing is kept of them once their stage has settled."""

from storage.evidence import Evidence, Job, segment_key
from workers.context import Context
from workers.pipeline import SWEEP
from workers.tasks.publication import discard


def new_blob_id(job_attempt: int, unique: str) -> str:
    """Return the name of a segment's blob; it tells the attempt, which a sweep of an earlier one spares."""
    return f"{job_attempt}-{unique}"


def segment_keys(evidence: Evidence) -> tuple[str, ...]:
    """Return the keys of the blobs that the record knows of segments."""
    return tuple(
        segment_key(evidence.id, segment.blob_id) for segment in evidence.segments if segment.blob_id
    )


async def sweep_segments(context: Context, evidence: Evidence, job: Job) -> None:
    """Remove the blobs of segments of this job's attempt or an earlier one; settle the job if it is for that.

    Also a delivery of a segment that nothing waits for any more does it: its worker may have been killed
    between publishing and saying so. While segments are under way, only the job of an earlier attempt may.
    """
    if job.segment is None or (evidence.segments and job.segment != SWEEP):
        return
    folder = segment_key(evidence.id, "")
    for key in await context.blobs.keys(evidence.id):
        if key.startswith(folder) and _attempt(key.removeprefix(folder)) <= job.attempt:
            await discard(context, [key])
    if job.segment == SWEEP:
        await context.outbox.drop(job.id)


def _attempt(blob_id: str) -> int:
    return int(blob_id.partition("-")[0])
