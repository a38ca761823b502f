"""Work that stops when the record no longer waits for it: the evidence was withdrawn, say, or found infected.

The record is asked, and no signal waited for: what Redis tells may be lost, and a film may run for hours.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from storage.errors import StorageError
from storage.evidence import Job
from workers.context import Context
from workers.pipeline import is_due
from workers.tasks.finding import Finding

#: With it, children get their second between SIGTERM and SIGKILL and all is over within two.
_LOOK_SECONDS = 0.5

_log = structlog.get_logger()


async def while_awaited(context: Context, job: Job, work: Coroutine[Any, Any, Finding]) -> Finding | None:
    """Return what the work found, or `None` when it was stopped because nothing waits for it any more."""
    async with asyncio.TaskGroup() as tasks:
        working = tasks.create_task(work)
        watching = tasks.create_task(_stop_unawaited(context, job, working))
        working.add_done_callback(lambda _: watching.cancel())
    return None if working.cancelled() else working.result()


async def _stop_unawaited(context: Context, job: Job, working: asyncio.Task[Finding]) -> None:
    while not working.cancelling():
        await asyncio.sleep(_LOOK_SECONDS)
        if not await _is_awaited(context, job):
            working.cancel()


async def _is_awaited(context: Context, job: Job) -> bool:
    """Ask the record; one that does not answer has not said no."""
    try:
        evidence = await context.evidence.load(job.evidence_id, None)
    except StorageError as error:
        _log.warning("record_unavailable", error=repr(error))
        return True
    return is_due(evidence, job.stage, job.attempt, job.segment)
