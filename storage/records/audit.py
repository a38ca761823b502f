"""The audit trail: reading it, and verifying that nothing it speaks of was altered since."""

from collections.abc import AsyncIterator
from dataclasses import fields
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from storage import tables
from storage.blobs import BlobStore
from storage.errors import Damaged, NotFound, StorageUnavailable
from storage.evidence import Evidence, original_key
from storage.records.chain import AuditEvent, Finding, Stored, check_chain
from storage.records.connections import Transaction
from storage.records.database import Database, fetch
from storage.records.transaction import load_stored
from storage.states import EvidenceState

_PAGE = 500
#: What rows that nobody here wrote may raise when they are read.
_UNREADABLE = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    RecursionError,
    SQLAlchemyError,
    StorageUnavailable,
    Damaged,
)
_EVENT = [field.name for field in fields(AuditEvent)]
#: Kind of the event after which quarantined bytes are gone.
PURGED = "purged"

#: In these states the original may be gone.
_BYTES_MAY_BE_GONE = frozenset({EvidenceState.EXPIRED, EvidenceState.WITHDRAWN})


class AuditTrail:
    """Who changed what, when, for every piece of evidence."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def events(self, evidence_id: str) -> tuple[AuditEvent, ...]:
        """Return the events of one piece of evidence, oldest first."""
        return tuple(await self._database.read(lambda connection: _events(connection, evidence_id)))

    async def verify(self, blobs: BlobStore | None = None) -> AsyncIterator[Finding]:
        """Yield everything that is not as it was left; with `blobs`, originals are hashed again too."""
        last = ""
        while ids := await self._ids_after(last):
            for evidence_id in ids:
                async for finding in self._verify_one(evidence_id, blobs):
                    yield finding
            last = ids[-1]

    async def _ids_after(self, last: str) -> list[str]:
        """Return ids that records or events speak of; either may have been removed."""
        found: set[str] = set()
        for column in (tables.evidence.c.id, tables.audit_event.c.evidence_id):
            query = select(column.label("id")).distinct().where(column > last).order_by(column).limit(_PAGE)
            found |= {row["id"] for row in await self._database.fetch(query)}
        return sorted(found)[:_PAGE]

    async def _verify_one(self, evidence_id: str, blobs: BlobStore | None) -> AsyncIterator[Finding]:
        try:
            stored, events = await self._database.read(lambda connection: _chain(connection, evidence_id))
            findings = list(check_chain(stored, events))
        except NotFound:
            yield Finding(evidence_id, "the record is missing; its events are not")
            return
        except _UNREADABLE as error:
            yield Finding(evidence_id, f"the record cannot be read: {error}")
            return
        for finding in findings:
            yield finding
        purged = any(event.kind == PURGED for event in events)
        if blobs and not purged and stored.evidence.state not in _BYTES_MAY_BE_GONE:
            async for finding in _verify_bytes(stored.evidence, blobs):
                yield finding


async def _chain(connection: Transaction, evidence_id: str) -> tuple[Stored, list[AuditEvent]]:
    return await load_stored(connection, evidence_id), await _events(connection, evidence_id)


async def _events(connection: Transaction, evidence_id: str) -> list[AuditEvent]:
    columns = tables.audit_event.c
    query = select(tables.audit_event).where(columns.evidence_id == evidence_id).order_by(columns.seq)
    return [AuditEvent(**{name: row[name] for name in _EVENT}) for row in await fetch(connection, query)]


async def _verify_bytes(evidence: Evidence, blobs: BlobStore) -> AsyncIterator[Finding]:
    """Hash an original again; one that was never hashed is not known well enough to compare."""
    if evidence.sha256 is None:
        return
    hashed, size_bytes = sha256(), 0
    try:
        async for piece in blobs.read(original_key(evidence.id)):
            hashed.update(piece)
            size_bytes += len(piece)
    except NotFound:
        yield Finding(evidence.id, "the original is missing")
        return
    if hashed.hexdigest() != evidence.sha256:
        yield Finding(
            evidence.id,
            f"the original's {size_bytes} bytes have the SHA-256 {hashed.hexdigest()}, not {evidence.sha256}",
        )
