"""What is done with evidence after its end: scans with new signatures, deletion after quarantine."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select, update

from storage import tables
from storage.records.connections import Transaction
from storage.records.database import Database, fetch
from storage.records.transaction import checked_id
from storage.states import EvidenceState, StageName

_E = tables.evidence.c
_S = tables.stage.c
_U = tables.upkeep.c
_SETS = tables.signature_set.c


@dataclass(frozen=True, slots=True)
class SignatureSet:
    """The signatures that every scanner has used since `effective_at`."""

    identity: str
    effective_at: datetime


class Upkeep:
    """What is due after the end."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def present_signatures(self) -> SignatureSet | None:
        """Return the signatures in force; `None` before any were known."""
        query = select(tables.signature_set).order_by(_SETS.effective_at.desc()).limit(1)
        found = await self._database.fetch(query)
        return SignatureSet(found[0]["identity"], found[0]["effective_at"]) if found else None

    async def were_in_force(self, identity: str) -> bool:
        """Tell whether these signatures were announced at any time."""
        query = select(_SETS.identity).where(_SETS.identity == identity).limit(1)
        return bool(await self._database.fetch(query))

    async def announce_signatures(self, signatures: SignatureSet) -> None:
        """Let every scan that began before these came into force count as one with older signatures."""
        row = {"effective_at": signatures.effective_at, "identity": signatures.identity}
        await self._database.execute(insert(tables.signature_set).values(row))

    async def behind(
        self, states: Collection[EvidenceState], effective_at: datetime, limit: int
    ) -> tuple[str, ...]:
        """Return ids of evidence in these states that was last scanned before then, newest first."""
        query = (
            select(_E.id)
            .join(tables.stage, (_S.evidence_id == _E.id) & (_S.name == StageName.SCAN.value))
            .join(tables.upkeep, _U.evidence_id == _E.id, isouter=True)
            .where(_E.state.in_([state.value for state in states]))
            .where(func.coalesce(_U.rescanned_at, _S.started_at) < effective_at)
            .order_by(_E.id.desc())
            .limit(limit)
        )
        return tuple(row["id"] for row in await self._database.fetch(query))

    async def quarantined(
        self, states: Collection[EvidenceState], before: datetime, limit: int
    ) -> tuple[str, ...]:
        """Return ids of evidence that ended in these states before then and whose bytes are kept still."""
        query = (
            select(_E.id)
            .join(tables.upkeep, _U.evidence_id == _E.id, isouter=True)
            .where(_E.state.in_([state.value for state in states]), _E.updated_at < before)
            .where(_U.purged_at.is_(None))
            .order_by(_E.id)
            .limit(limit)
        )
        return tuple(row["id"] for row in await self._database.fetch(query))

    async def mark_rescanned(self, evidence_id: str, began_at: datetime) -> None:
        """Record when its last scan began."""
        await self._mark(evidence_id, "rescanned_at", began_at)

    async def mark_purged(self, evidence_id: str, at: datetime) -> None:
        """Record that its bytes are gone."""
        await self._mark(evidence_id, "purged_at", at)

    async def _mark(self, evidence_id: str, column: str, at: datetime) -> None:
        mine = _U.evidence_id == checked_id(evidence_id)

        async def transaction(connection: Transaction) -> None:
            await fetch(connection, select(_E.id).where(_E.id == evidence_id).with_for_update())
            if await fetch(connection, select(_U.evidence_id).where(mine)):
                await connection.execute(update(tables.upkeep).where(mine).values({column: at}))
            else:
                row = {"evidence_id": evidence_id, column: at}
                await connection.execute(insert(tables.upkeep).values(row))

        await self._database.write(transaction)
