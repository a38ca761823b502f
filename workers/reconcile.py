"""Compare what the record waits for with what the queues hold, and push again what was lost.

Redis may be wiped at any moment, and a process may die between its commit and its push: the outbox in the
record knows every job, so nothing here depends on what was in Redis.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import structlog

from storage.errors import StorageError
from storage.evidence import Job
from storage.records.outbox import Outbox
from workers.errors import QueueUnavailable
from workers.queue import JobQueue

#: Jobs younger than this are being pushed by whoever committed them.
_GRACE_SECONDS = 1.0
_PAGE = 1000

_log = structlog.get_logger()


async def reconcile_for_ever(outbox: Outbox, queue: JobQueue, pause_seconds: float) -> None:
    """Reconcile now and after every pause, until cancelled; an outage is waited out."""
    while True:
        try:
            pushed = await reconcile(outbox, queue, datetime.now(UTC))
            if pushed:
                _log.warning("jobs_pushed_again", count=pushed)
        except (QueueUnavailable, StorageError) as error:
            _log.warning("reconciliation_waits", error=repr(error))
        except Exception:  # noqa: BLE001 - the edge of a loop that may not end, nor take its process along
            _log.exception("reconciliation_failed")
        await asyncio.sleep(pause_seconds)


async def reconcile(outbox: Outbox, queue: JobQueue, now: datetime) -> int:
    """Push every due job that the queues do not know; return how many.

    Raises `QueueUnavailable`, `StorageError`.
    """
    before, last, pushed = now - timedelta(seconds=_GRACE_SECONDS), None, 0
    while page := await outbox.due(_PAGE, before, last):
        lost: tuple[Job, ...] = await queue.missing(page)
        if lost:
            await queue.push(lost)
            pushed += len(lost)
        last = page[-1]
    return pushed
