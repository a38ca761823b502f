"""What one change does to the rows, inside a transaction that the caller began."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import Table, delete, insert, select, update

from storage import tables
from storage.errors import NotFound
from storage.evidence import Change, Evidence, Job
from storage.records.chain import AuditEvent, Stored, next_event
from storage.records.connections import Transaction
from storage.records.database import fetch
from storage.records.rows import (
    Row,
    as_stored,
    evidence_of,
    evidence_row,
    job_row,
    rendition_rows,
    segment_rows,
    stage_rows,
)
from storage.states import check_transition

#: What evidence has of its own in other tables: by which column, and how a value becomes rows.
PARTS = (
    (tables.stage, "name", stage_rows),
    (tables.rendition, "id", rendition_rows),
    (tables.segment, "number", segment_rows),
)
_ID = re.compile(r"[0-9A-Za-z_-]{1,128}")


@dataclass(frozen=True, slots=True)
class Changed:
    """What one transaction changed, and the jobs to push now that it is committed."""

    before: Evidence
    after: Evidence
    jobs: tuple[Job, ...]


def checked_id(text: str) -> str:
    """Return the id; raises `NotFound` for what can be none, before a database has to read it."""
    if not _ID.fullmatch(text):
        raise NotFound("no such record")
    return text


async def load_stored(connection: Transaction, evidence_id: str, *, lock: bool = False) -> Stored:
    """Load a record with its chain's head, `lock`ed against other changes. Raises `NotFound`."""
    query = select(tables.evidence).where(tables.evidence.c.id == checked_id(evidence_id))
    found = await fetch(connection, query.with_for_update() if lock else query)
    if not found:
        raise NotFound("no such record")
    parts = [await rows_of(connection, table, [evidence_id]) for table, _, _ in PARTS]
    return Stored(evidence_of(found[0], *parts), found[0]["audit_sha256"])


async def rows_of(connection: Transaction, table: Table, evidence_ids: Sequence[str]) -> Sequence[Row]:
    """Load the rows of these pieces of evidence from a table of theirs."""
    return await fetch(connection, select(table).where(table.c.evidence_id.in_(evidence_ids)))


async def store_new(connection: Transaction, evidence: Evidence, actor: str) -> None:
    """Insert a record with its first event."""
    new = as_stored(replace(evidence, version=1))
    event = next_event(None, new, kind="created", actor=actor, note={})
    await connection.execute(insert(tables.evidence), evidence_row(new) | {"audit_sha256": event.sha256})
    await _store_parts(connection, None, new)
    await _store_event(connection, event)


async def store_change(connection: Transaction, before: Stored, change: Change) -> Changed:
    """Store the value after a change, its jobs and its event.

    Raises `IllegalTransition`, and `ValueError` when the change turns one record into another.
    """
    now = datetime.now(UTC)
    after = as_stored(_successor(before.evidence, change.after, now))
    event = next_event(before, after, kind=change.event, actor=change.actor, note=change.note)
    row = evidence_row(after) | {"audit_sha256": event.sha256}
    await connection.execute(update(tables.evidence).where(tables.evidence.c.id == after.id), row)
    await _store_parts(connection, before.evidence, after)
    await _store_jobs(connection, change, now)
    await _store_event(connection, event)
    return Changed(before.evidence, after, change.add_jobs)


def _successor(before: Evidence, after: Evidence, now: datetime) -> Evidence:
    fixed = ("id", "centre_id", "created_at")
    if any(getattr(before, name) != getattr(after, name) for name in fixed):
        raise ValueError(f"a change keeps {', '.join(fixed)}")
    check_transition(before.state, after.state)
    return replace(after, version=before.version + 1, updated_at=now)


async def _store_parts(connection: Transaction, before: Evidence | None, after: Evidence) -> None:
    """Bring stages, renditions and segments from `before` to `after`, touching only the rows that differ."""
    for table, key, rows in PARTS:
        old, new = (rows(before) if before else []), rows(after)
        stale = [row[key] for row in old if row not in new]
        fresh = [row for row in new if row not in old]
        if stale:
            of_evidence = table.c.evidence_id == after.id
            await connection.execute(delete(table).where(of_evidence, table.c[key].in_(stale)))
        if fresh:
            await connection.execute(insert(table), fresh)


async def _store_jobs(connection: Transaction, change: Change, now: datetime) -> None:
    """Drop what is settled, add what is due; a job that is added again replaces its row."""
    gone = [*change.drop_jobs, *(job.id for job in change.add_jobs)]
    if gone:
        await connection.execute(delete(tables.outbox).where(tables.outbox.c.id.in_(gone)))
    if change.add_jobs:
        await connection.execute(insert(tables.outbox), [job_row(job, now) for job in change.add_jobs])


async def _store_event(connection: Transaction, event: AuditEvent) -> None:
    await connection.execute(insert(tables.audit_event), asdict(event))
