"""The edge between arq and the typed work of a stage: what every stage does around its own work.

A delivery that is no longer awaited ends quietly. A finding becomes one transaction, and the jobs it makes
due are pushed right after. A failure becomes a counted attempt, an outage a delay: both are recorded,
neither loses the job.
"""

from datetime import UTC, datetime
from typing import Any

import structlog
from arq.typing import WorkerCoroutine

from storage.errors import NotFound, StorageError
from storage.evidence import Evidence, Job
from storage.records.transaction import Changed
from storage.states import StageName, StageState
from workers.context import Context
from workers.counted import REDELIVERED, counting_run
from workers.decisions import Run
from workers.errors import Postpone
from workers.pipeline import STEPS, is_due, job_of
from workers.tasks.failures import explain
from workers.tasks.finding import Finding, Work
from workers.tasks.publication import discard, discard_strays, keys_of
from workers.tasks.segments import segment_work
from workers.tasks.sweeping import segment_keys, sweep_segments
from workers.tasks.watching import while_awaited

#: Pause before the record is asked again when it does not answer, in seconds.
_RECORD_PAUSE_SECONDS = 5.0

_log = structlog.get_logger()


def stage_function(context: Context, stage: StageName, work: Work) -> WorkerCoroutine:
    """Return the function that arq calls with the arguments of a job of this stage."""

    async def run(ctx: dict[Any, Any], *args: Any, **_: Any) -> None:  # noqa: ANN401 - arq's shape
        evidence_id, _stage, attempt, _centre_id, *rest = args
        segment = rest[0] if rest else None
        chosen = work if segment is None else segment_work(segment)
        if ctx["redelivered"]:
            context.queue.counters.add(REDELIVERED, STEPS[stage].queue)
        with structlog.contextvars.bound_contextvars(
            evidence_id=evidence_id, stage=str(stage), attempt=attempt, segment=segment
        ):
            await run_stage(context, evidence_id, stage, attempt, chosen, segment)

    return run


async def run_stage(
    context: Context,
    evidence_id: str,
    stage: StageName,
    attempt: int,
    work: Work,
    segment: int | None = None,
) -> None:
    """Run one delivery of one attempt of a stage, or of one of its segments.

    Work that the record no longer waits for is stopped. Raises `Postpone` when it must be delivered again.
    """
    with counting_run(context.queue.counters, STEPS[stage].queue) as counted:
        counted.outcome, again_seconds = await _run_one(context, evidence_id, stage, attempt, work, segment)
    if again_seconds is not None:
        raise Postpone(again_seconds)


async def _run_one(
    context: Context, evidence_id: str, stage: StageName, attempt: int, work: Work, segment: int | None
) -> tuple[str, float | None]:
    """Return as what the run is counted, and in how many seconds it must be delivered again."""
    try:
        evidence = await context.evidence.load(evidence_id, None)
        started_at = datetime.now(UTC)
        job = job_of(evidence, stage, attempt, started_at, segment)
        if not is_due(evidence, stage, attempt, segment):
            await sweep_segments(context, evidence, job)
            return "unawaited", None
        finding = await while_awaited(context, job, _find(context, evidence, job, work))
        if finding is None:
            _log.info("stopped_unawaited")
            return "unawaited", None
        await _record(context, Run(job, context.name, started_at, datetime.now(UTC)), finding)
    except NotFound:
        _log.warning("evidence_unknown")
        return "unawaited", None
    except StorageError as error:
        _log.warning("record_unavailable", error=repr(error))
        return "waiting", _RECORD_PAUSE_SECONDS
    return finding.outcome, finding.again_seconds


async def _find(context: Context, evidence: Evidence, job: Job, work: Work) -> Finding:
    if job.segment is None:
        await context.queue.report(evidence.id, job.stage, 0.0, None)
    try:
        return await work(context, evidence)
    except Exception as error:  # noqa: BLE001 - the task edge: everything is logged and recorded
        return explain(context, error)


async def _record(context: Context, run: Run, finding: Finding) -> None:
    """Apply a finding in one transaction; push what it makes due, or remove what it made for nothing."""
    changed = None
    try:
        changed = await _change(context, run, finding)
    finally:
        if changed is None:
            await _discard_unknown(context, run.job.evidence_id, finding)
    if changed is None:
        return
    _log.info("stage_run", state=changed.after.state, code=changed.after.code)
    await context.queue.follow_up(changed)
    if changed.after.stage(run.job.stage).state is not StageState.WAITING:
        await discard_strays(context, changed.after, run.job.stage)


async def _change(context: Context, run: Run, finding: Finding) -> Changed | None:
    """Store what the finding decides; a finding that cannot be stored is a failed attempt."""

    async def store(decided: Finding) -> Changed | None:
        return await context.evidence.change(
            run.job.evidence_id, lambda evidence: decided.decide(evidence, run)
        )

    try:
        return await store(finding)
    except StorageError:
        raise
    except Exception as error:  # noqa: BLE001 - the task edge: everything is logged and recorded
        await _discard_unknown(context, run.job.evidence_id, finding)
        return await store(explain(context, error))


async def _discard_unknown(context: Context, evidence_id: str, finding: Finding) -> None:
    """Remove published blobs, but those that the record knows after all: its answer may have been lost."""
    if finding.published:
        evidence = await context.evidence.load(evidence_id, None)
        known = {*keys_of(evidence_id, evidence.renditions), *segment_keys(evidence)}
        await discard(context, (key for key in finding.published if key not in known))
