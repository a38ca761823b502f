"""The ledger in the database: an account is a row, and each of its extents another one."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from storage import tables
from storage.errors import NotFound
from storage.records.clock import now_seconds
from storage.records.connections import Transaction
from storage.records.database import Database, fetch
from storage.records.rows import Row
from storage.records.transaction import checked_id
from storage.uploads.s3.account import Account, AccountState, Extent, ExtentKind
from storage.uploads.s3.ledger import Decide

_A = tables.upload_account.c
_E = tables.upload_extent.c

_NOW = {"touched_at": now_seconds(), "heard_at": now_seconds()}
_AGES = {"silent_seconds": now_seconds() - _A.heard_at, "idle_seconds": now_seconds() - _A.touched_at}
#: Fields of an account that are columns of its row.
_OWN = tuple(field.name for field in fields(Account) if field.name not in {*_AGES, "extents"})


class LedgerRecords:
    """A `Ledger` in the database, for any number of processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, upload_id: str, key: str | None) -> None:
        """Insert an empty account."""
        new = _row(Account(checked_id(upload_id), key)) | _NOW
        with suppress(IntegrityError):
            await self._database.execute(insert(tables.upload_account).values(new))

    async def load(self, upload_id: str) -> Account:
        """Return the account."""
        return await self._database.read(lambda connection: _load(connection, upload_id))

    async def change(self, upload_id: str, decide: Decide) -> Account:
        """Store what `decide` makes of the account, touching only the rows that differ."""

        async def transaction(connection: Transaction) -> Account:
            before = await _load(connection, upload_id, lock=True)
            after = decide(before)
            await _store(connection, before, after)
            return replace(after, extents=tuple(one for one in after.extents if not one.is_settled))

        return await self._database.write(transaction)

    async def settled(self, upload_id: str) -> Sequence[Extent]:
        """Return the settled parts by their numbers."""
        of_upload = (_E.upload_id == checked_id(upload_id), _E.settled)
        query = select(tables.upload_extent).where(*of_upload).order_by(_E.number)
        return [_extent(row) for row in await self._database.fetch(query)]

    async def touch(self, idle_seconds: Mapping[str, float]) -> None:
        """Move the times of all holders in one statement."""
        if not idle_seconds:
            return
        touched_at = now_seconds() - bindparam("idle", type_=_A.touched_at.type)
        mine = update(tables.upload_account).where(_A.holder == bindparam("token"))
        heard = mine.values(heard_at=now_seconds(), touched_at=touched_at)
        rows = [{"token": token, "idle": idle} for token, idle in sorted(idle_seconds.items())]

        async def transaction(connection: Transaction) -> None:
            await connection.execute(heard, rows)

        await self._database.write(transaction)

    async def ages(self) -> Mapping[str, float]:
        """Return the idle seconds of every upload."""
        found = await self._database.fetch(
            select(_A.upload_id, (now_seconds() - _A.touched_at).label("idle"))
        )
        return {row["upload_id"]: max(0.0, row["idle"]) for row in found}

    async def multiparts(self) -> Collection[str]:
        """Return the id of every multipart upload."""
        found = await self._database.fetch(select(_A.multipart_id).where(_A.multipart_id.is_not(None)))
        return {row["multipart_id"] for row in found}

    async def forget(self, upload_id: str) -> None:
        """Remove the account and its extents."""

        async def transaction(connection: Transaction) -> None:
            # In the order in which `change` locks: two that do both at once must not wait for each other.
            await fetch(connection, select(_A.upload_id).where(_A.upload_id == upload_id).with_for_update())
            for table in (tables.upload_extent, tables.upload_account):
                await connection.execute(delete(table).where(table.c.upload_id == upload_id))

        await self._database.write(transaction)


async def _load(connection: Transaction, upload_id: str, *, lock: bool = False) -> Account:
    ages = (age.label(name) for name, age in _AGES.items())
    query = select(tables.upload_account, *ages).where(_A.upload_id == checked_id(upload_id))
    found = await fetch(connection, query.with_for_update() if lock else query)
    if not found:
        raise NotFound("no such upload")
    loose = select(tables.upload_extent).where(_E.upload_id == upload_id, ~_E.settled)
    extents = await fetch(connection, loose.order_by(_E.kind, _E.number))
    row = found[0]
    return Account(
        **{name: row[name] for name in _OWN}
        | {
            "state": AccountState(row["state"]),
            "sizes": tuple(row["sizes"]),
            **{name: max(0.0, row[name]) for name in _AGES},
            "extents": tuple(map(_extent, extents)),
        }
    )


async def _store(connection: Transaction, before: Account, after: Account) -> None:
    opened = after.holder not in {None, before.holder}
    values = _row(after) | (_NOW if opened else {})
    if opened or values != _row(before):
        mine = update(tables.upload_account).where(_A.upload_id == after.upload_id)
        await connection.execute(mine.values(values))
    await _store_extents(connection, before, after)


async def _store_extents(connection: Transaction, before: Account, after: Account) -> None:
    table, of_upload = tables.upload_extent, _E.upload_id == after.upload_id
    stale = [one for one in before.extents if one not in after.extents]
    fresh = [one for one in after.extents if one not in before.extents]
    if before.settled_bytes and not after.settled_bytes:
        await connection.execute(delete(table).where(of_upload, _E.settled))
    if stale:
        named = tuple_(_E.kind, _E.number).in_([(one.kind.value, one.number) for one in stale])
        await connection.execute(delete(table).where(of_upload, named))
    if fresh:
        await connection.execute(insert(table), [_extent_row(after.upload_id, one) for one in fresh])


def _row(account: Account) -> dict[str, Any]:
    row = {name: getattr(account, name) for name in _OWN}
    return row | {"state": account.state.value, "sizes": list(account.sizes)}


def _extent_row(upload_id: str, extent: Extent) -> dict[str, Any]:
    row = {field.name: getattr(extent, field.name) for field in fields(extent)}
    return row | {"upload_id": upload_id, "kind": extent.kind.value, "settled": extent.is_settled}


def _extent(row: Row) -> Extent:
    values = {field.name: row[field.name] for field in fields(Extent)}
    return Extent(**values | {"kind": ExtentKind(row["kind"])})
