"""The outbox: every stage that is due and not settled. Queues are only an index of it.

Rows are written and dropped by the change that makes a stage due or settles it; only what sweeps up after a
stage is dropped by itself.
"""

from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import and_, delete, func, or_, select

from storage import tables
from storage.evidence import Job
from storage.records.database import Database
from storage.records.rows import job_of
from storage.states import StageName

_C = tables.outbox.c


class Backlog(NamedTuple):
    """How much is pending."""

    pending: int
    #: How long the oldest has been due; 0 when nothing is.
    oldest_age_seconds: float


class Outbox:
    """What is pending."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, limit: int, before: datetime, after: Job | None = None) -> tuple[Job, ...]:
        """Return jobs due at `before` or earlier, oldest first; `after` the last one of the page before.

        Jobs of stages that only a newer version knows are left to it.
        """
        known = _C.stage.in_([stage.value for stage in StageName])
        query = select(tables.outbox).where(_C.due_at <= before, known)
        query = query.order_by(_C.due_at, _C.id).limit(limit)
        if after:
            later = and_(_C.due_at == after.due_at, _C.id > after.id)
            query = query.where(or_(_C.due_at > after.due_at, later))
        return tuple(job_of(row) for row in await self._database.fetch(query))

    async def drop(self, job_id: str) -> None:
        """Forget a job that no change of evidence settles: what is swept after its end."""
        await self._database.execute(delete(tables.outbox).where(_C.id == job_id))

    async def count_and_oldest(self) -> Backlog:
        """Return how many jobs are pending and for how long, for metrics."""
        query = select(func.count().label("pending"), func.min(_C.due_at).label("oldest"))
        (row,) = await self._database.fetch(query.select_from(tables.outbox))
        pending, oldest = row["pending"], row["oldest"]
        age = (datetime.now(UTC) - oldest).total_seconds() if oldest else 0.0
        return Backlog(pending, max(age, 0.0))
