"""Evidence records: loading, listing, and the one way to change one."""

import base64
import binascii
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select

from storage import tables
from storage.errors import BadCursor, NotFound
from storage.evidence import Change, Evidence
from storage.records.connections import Transaction
from storage.records.database import Database, Query, fetch
from storage.records.rows import Row, evidence_of
from storage.records.transaction import PARTS, Changed, checked_id, load_stored, rows_of, store_change
from storage.states import EvidenceState, StageName, StageState


@dataclass(frozen=True, slots=True)
class Page:
    """Some evidence, newest first, and where to go on."""

    items: tuple[Evidence, ...]
    #: Opaque; `None` on the last page.
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Latest:
    """Which version of a piece of evidence is its latest."""

    id: str
    centre_id: str
    version: int


class EvidenceRecords:
    """Every piece of evidence there is. A `centre_id` of `None` stands for the board's side."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, evidence_id: str, centre_id: str | None) -> Evidence:
        """Return the evidence; raises `NotFound` for another centre's just as for none at all."""
        stored = await self._database.read(lambda connection: load_stored(connection, evidence_id))
        evidence = stored.evidence
        if centre_id not in {None, evidence.centre_id}:
            raise NotFound("no such record")
        return evidence

    async def page(
        self, centre_id: str | None, state: EvidenceState | None, limit: int, cursor: str | None
    ) -> Page:
        """Return at most `limit` pieces, newest first. Raises `ValueError` for a bad cursor or limit."""
        query = _page_query(centre_id, state, limit, cursor)
        return await self._database.read(lambda connection: _page(connection, query, limit))

    async def load_all(self, evidence_ids: Collection[str]) -> tuple[Evidence, ...]:
        """Return those of the pieces that there are, in one read and in no order."""
        query = select(tables.evidence).where(tables.evidence.c.id.in_(evidence_ids))
        return await self._database.read(lambda connection: _all(connection, query))

    async def latest_since(self, since: datetime, centre_ids: Collection[str] | None) -> tuple[Latest, ...]:
        """Return what changed at or after `since` in these centres, `None`: in every one."""
        columns = tables.evidence.c
        query = select(columns.id, columns.centre_id, columns.version).where(columns.updated_at >= since)
        if centre_ids is not None:
            query = query.where(columns.centre_id.in_(centre_ids))
        return tuple(Latest(**row) for row in await self._database.fetch(query))

    async def changed_after(
        self, centre_id: str | None, moment: datetime, evidence_id: str, limit: int
    ) -> tuple[Evidence, ...]:
        """Return at most `limit` pieces in the order of (`updated_at`, `id`), those after the given pair.

        One that changes meanwhile moves to the end, where it is found again.
        """
        columns = tables.evidence.c
        later = or_(columns.updated_at > moment, (columns.updated_at == moment) & (columns.id > evidence_id))
        query = select(tables.evidence).where(columns.updated_at >= moment, later)
        if centre_id is not None:
            query = query.where(columns.centre_id == centre_id)
        query = query.order_by(columns.updated_at, columns.id).limit(limit)
        return await self._database.read(lambda connection: _all(connection, query))

    async def change(self, evidence_id: str, decide: Callable[[Evidence], Change | None]) -> Changed | None:
        """Change one piece of evidence in one transaction, or not at all.

        `decide` is pure and quick: it sees the evidence as it is now, while nobody else can change
        it, and says what becomes of it; `None` leaves everything as it is. Raises `NotFound`,
        `IllegalTransition` and whatever `decide` raises; nothing is stored then.
        """

        async def transaction(connection: Transaction) -> Changed | None:
            before = await load_stored(connection, evidence_id, lock=True)
            change = decide(before.evidence)
            return await store_change(connection, before, change) if change else None

        return await self._database.write(transaction)

    async def failed_stages(self) -> dict[StageName, int]:
        """Return how many pieces of evidence are `failed` at which stage: what operators can run again."""
        stage = tables.stage.c
        query = (
            select(stage.name, func.count().label("pieces"))
            .join_from(tables.evidence, tables.stage)
            .where(
                tables.evidence.c.state == EvidenceState.FAILED.value, stage.state == StageState.FAILED.value
            )
            .group_by(stage.name)
        )
        return {StageName(row["name"]): row["pieces"] for row in await self._database.fetch(query)}


def _page_query(centre_id: str | None, state: EvidenceState | None, limit: int, cursor: str | None) -> Query:
    if limit < 1:
        raise ValueError("a page has at least one item")
    columns = tables.evidence.c
    query = select(tables.evidence).order_by(columns.id.desc()).limit(limit + 1)
    if centre_id is not None:
        query = query.where(columns.centre_id == centre_id)
    if state is not None:
        query = query.where(columns.state == state.value)
    if cursor is not None:
        query = query.where(columns.id < _parse_cursor(cursor))
    return query


async def _page(connection: Transaction, query: Query, limit: int) -> Page:
    found = await fetch(connection, query)
    items = await _with_parts(connection, found[:limit])
    return Page(items, _format_cursor(items[-1].id) if len(found) > limit else None)


async def _all(connection: Transaction, query: Query) -> tuple[Evidence, ...]:
    return await _with_parts(connection, await fetch(connection, query))


async def _with_parts(connection: Transaction, found: Sequence[Row]) -> tuple[Evidence, ...]:
    ids = [row["id"] for row in found]
    parts = [_by_evidence(await rows_of(connection, table, ids)) for table, _, _ in PARTS]
    return tuple(evidence_of(row, *(rows[row["id"]] for rows in parts)) for row in found)


def _by_evidence(rows: Sequence[Row]) -> defaultdict[str, list[Row]]:
    grouped: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row["evidence_id"]].append(row)
    return grouped


def _format_cursor(evidence_id: str) -> str:
    return base64.urlsafe_b64encode(evidence_id.encode()).decode().rstrip("=")


def _parse_cursor(cursor: str) -> str:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        evidence_id = checked_id(base64.urlsafe_b64decode(padded).decode("ascii"))
    except (UnicodeError, binascii.Error, NotFound) as error:
        raise BadCursor("not a cursor of this list") from error
    # Decoders forgive strange letters and padding; only what we formatted is one.
    if _format_cursor(evidence_id) != cursor:
        raise BadCursor("not a cursor of this list")
    return evidence_id
