"""Upload records: transfers of bytes, and the one moment in which each ends."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Update, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from storage import tables
from storage.errors import NotFound, WriterFenced
from storage.evidence import Change, Evidence
from storage.records.connections import Transaction, count_alone
from storage.records.database import Database, fetch
from storage.records.open_uploads import OpenUploads, count_open
from storage.records.principals import require_unrevoked
from storage.records.rows import upload_of, upload_row
from storage.records.transaction import Changed, checked_id, load_stored, store_change, store_new
from storage.upload import Upload, UploadState

Decide = Callable[[Upload, Evidence], Change | None]
Allow = Callable[[OpenUploads], None]

_C = tables.upload.c
#: Built once, because every request asks it.
_OF_ID = select(tables.upload).where(_C.id == bindparam("upload_id"))
_OPEN = _C.state == UploadState.OPEN.value


class UploadRecords:
    """Every transfer that is under way or ended a short while ago."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self, upload: Upload, evidence: Evidence | None, allow: Allow | None = None
    ) -> tuple[Upload, bool]:
        """Store a new upload and the evidence it becomes (`None`: it is a part); return it and `True`.

        When the centre used this idempotency key before, that upload and `False`; nothing is stored.
        `allow` sees what is open while nobody else can add to it, and may raise against one more.
        """

        async def transaction(connection: Transaction) -> None:
            if allow:
                await count_alone(connection)
                allow(await count_open(connection, upload.centre_id))
            if evidence:
                await store_new(connection, evidence, upload.principal_id)
            await connection.execute(insert(tables.upload), upload_row(upload))

        try:
            await self._database.write(transaction)
        except IntegrityError:
            earlier = await self.created_before(upload.centre_id, upload.idempotency_key)
            if earlier is None:
                raise
            return earlier, False
        return upload, True

    async def created_before(self, centre_id: str, idempotency_key: str | None) -> Upload | None:
        """Return the upload that the centre created with this key; an unfinished one's end frees its key."""
        if idempotency_key is None:
            return None
        same = (_C.centre_id == centre_id, _C.idempotency_key == idempotency_key)
        found = await self._database.fetch(select(tables.upload).where(*same))
        return upload_of(found[0]) if found else None

    async def load(self, upload_id: str, centre_id: str | None) -> Upload:
        """Return the upload; raises `NotFound` for another centre's just as for none at all."""
        upload = await self._database.read(lambda connection: load_upload(connection, upload_id))
        if centre_id not in {None, upload.centre_id}:
            raise NotFound("no such record")
        return upload

    async def of_evidence(self, evidence_id: str) -> Upload | None:
        """Return the upload whose bytes become the evidence, while it is remembered."""
        query = select(tables.upload).where(_C.evidence_id == evidence_id)
        found = await self._database.fetch(query)
        return upload_of(found[0]) if found else None

    async def add_grants(self, upload_id: str, grants: tuple[str, ...], most: int) -> None:
        """Let the upload accept these grants, too; of more than `most` the oldest go. Raises `NotFound`."""

        async def transaction(connection: Transaction) -> None:
            kept = (await load_upload(connection, upload_id, lock=True)).grants
            added = [*(grant for grant in kept if grant not in grants), *grants]
            values = {"grants": added[-most:]}
            await connection.execute(update(tables.upload).where(_C.id == upload_id).values(values))

        await self._database.write(transaction)

    async def finish(
        self, upload_id: str, decide: Decide, *, expires_at: datetime, principal_id: str | None = None
    ) -> Changed | None:
        """End an upload whose bytes are complete and change its evidence, once, in one transaction.

        Its parts end with it. Until `expires_at` they are still answered for. `None`, and nothing stored,
        when it is no longer open or `decide` says so. Raises as `EvidenceRecords.change` does, and
        `KeyRevoked` when the key of the principal in whose name it ends was revoked before.
        """
        finished_at = datetime.now(UTC)
        ended = {"state": UploadState.FINISHED, "finished_at": finished_at, "expires_at": expires_at}
        return await self._settle(upload_id, ended, decide, principal_id)

    async def end(
        self, upload_id: str, state: UploadState, decide: Decide, *, expires_at: datetime
    ) -> Changed | None:
        """End an upload that will not be complete: `TERMINATED` or `EXPIRED`; otherwise as `finish`.

        Its idempotency key is free from now on; its parts stay as they are.
        """
        return await self._settle(upload_id, unfinished(state, expires_at), decide)

    async def take_over(self, upload_id: str, epoch: int) -> Upload:
        """Begin the epoch after `epoch`: the writer before can acknowledge nothing from now on.

        Its segment's size is final only now: measure it, then `freeze`. Raises `NotFound`, and
        `WriterFenced` when `epoch` is not the present one or the upload has ended.
        """
        mine = update(tables.upload).where(_C.id == checked_id(upload_id), _C.epoch == epoch, _OPEN)
        upload, swapped = await self._update(upload_id, mine.values(epoch=epoch + 1))
        if not swapped:
            raise _fenced(upload, epoch)
        return upload

    async def freeze(self, upload_id: str, epoch: int, frozen: tuple[int, ...]) -> Upload:
        """Record the sizes in bytes of the segments before `epoch` and return the upload.

        Sizes that somebody recorded before stay: a woken writer may have added bytes since, which count for
        nothing. Raises as `take_over`.
        """
        if len(frozen) != epoch - 1:
            raise ValueError(f"epoch {epoch} has {epoch - 1} segments before it, not {len(frozen)}")

        async def transaction(connection: Transaction) -> Upload:
            upload = await load_upload(connection, upload_id, lock=True)
            if upload.state != UploadState.OPEN or upload.epoch != epoch:
                raise _fenced(upload, epoch)
            if len(upload.frozen) == epoch - 1:
                return upload
            await connection.execute(
                update(tables.upload).where(_C.id == upload_id).values(frozen=list(frozen))
            )
            return replace(upload, frozen=frozen)

        return await self._database.write(transaction)

    async def set_length(
        self, upload_id: str, length_bytes: int, actor: str, *, epoch: int, allow: Allow | None = None
    ) -> tuple[Upload, Changed | None]:
        """Set a deferred length, of its evidence too; return the upload and what changed.

        A length that was set before stays, and one that a fenced writer found counts for nothing. `allow` as
        in `create`.
        """

        async def transaction(connection: Transaction) -> tuple[Upload, Changed | None]:
            upload = await load_upload(connection, upload_id, lock=True)
            settled = upload.state is not UploadState.OPEN or upload.length_bytes is not None
            if settled or upload.epoch != epoch:
                return upload, None
            if allow:
                await count_alone(connection)
                allow(await count_open(connection, upload.centre_id))
            known = replace(upload, length_bytes=length_bytes)
            await store_upload(connection, known)
            if known.evidence_id is None:
                return known, None
            stored = await load_stored(connection, known.evidence_id, lock=True)
            change = Change(replace(stored.evidence, size_bytes=length_bytes), "length_known", actor)
            return known, await store_change(connection, stored, change)

        return await self._database.write(transaction)

    async def touch(self, upload_id: str, expires_at: datetime) -> None:
        """Move an open upload's expiry; one that has ended, or never was, stays as it is."""
        moved = update(tables.upload).where(_C.id == checked_id(upload_id), _OPEN)
        await self._database.execute(moved.values(expires_at=expires_at))

    async def open_uploads(self, centre_id: str) -> OpenUploads:
        """Return how much is open, in all and of the centre."""
        return await self._database.read(lambda connection: count_open(connection, centre_id))

    async def open_ids(self, limit: int, after: str = "") -> tuple[str, ...]:
        """Return ids of open uploads in order, for sweeps that go on `after` the last one they saw.

        Ids and not records, here and below: one that cannot be read must not hide the others.
        """
        return await self._ids(_OPEN, limit=limit, after=after)

    async def expired_ids(self, now: datetime, limit: int, after: str = "") -> tuple[str, ...]:
        """Return ids of open uploads whose time is over."""
        return await self._ids(_OPEN, _C.expires_at < now, limit=limit, after=after)

    async def forgettable_ids(self, now: datetime, limit: int, after: str = "") -> tuple[str, ...]:
        """Return ids of uploads that ended and need not be answered for any longer.

        Delete what bytes they may have left before `forget`: nobody else knows of them.
        """
        return await self._ids(~_OPEN, _C.expires_at < now, limit=limit, after=after)

    async def unknown_ids(self, upload_ids: Collection[str]) -> frozenset[str]:
        """Return those of the ids that no record has."""
        query = select(_C.id).where(_C.id.in_(upload_ids))
        return frozenset(upload_ids) - {row["id"] for row in await self._database.fetch(query)}

    async def forget(self, upload_id: str) -> None:
        """Remove the record of an upload that ended; its evidence stays. An open one stays too."""
        await self._database.execute(delete(tables.upload).where(_C.id == checked_id(upload_id), ~_OPEN))

    async def _settle(
        self, upload_id: str, ended: dict[str, Any], decide: Decide, principal_id: str | None = None
    ) -> Changed | None:
        async def transaction(connection: Transaction) -> Changed | None:
            upload = await load_upload(connection, upload_id, lock=True)
            if upload.state != UploadState.OPEN:
                return None
            if principal_id is not None:
                await require_unrevoked(connection, principal_id)
            stored = await load_stored(connection, upload.becomes, lock=True)
            change = decide(upload, stored.evidence)
            if change is None:
                return None
            await store_upload(connection, replace(upload, **ended))
            if ended["state"] is UploadState.FINISHED and upload.parts:
                parts = update(tables.upload).where(_C.id.in_(set(upload.parts)), _OPEN)
                await connection.execute(parts, {**ended, "state": UploadState.FINISHED.value})
            return await store_change(connection, stored, change)

        return await self._database.write(transaction)

    async def _update(self, upload_id: str, statement: Update) -> tuple[Upload, bool]:
        """Run the statement; return the upload as it is then, and whether the statement found it."""

        async def transaction(connection: Transaction) -> tuple[Upload, bool]:
            result = await connection.execute(statement)
            return await load_upload(connection, upload_id), result.rowcount == 1

        return await self._database.write(transaction)

    async def _ids(self, *conditions: ColumnElement[bool], limit: int, after: str) -> tuple[str, ...]:
        query = select(_C.id).where(*conditions, _C.id > after).order_by(_C.id).limit(limit)
        return tuple(row["id"] for row in await self._database.fetch(query))


def unfinished(state: UploadState, expires_at: datetime) -> dict[str, Any]:
    """Return what becomes of an upload's record when it ends before its last byte. Raises `ValueError`."""
    if state not in {UploadState.TERMINATED, UploadState.EXPIRED}:
        raise ValueError(f"{state} is not an unfinished upload's end")
    return {"state": state, "expires_at": expires_at, "idempotency_key": None}


async def store_upload(connection: Transaction, upload: Upload) -> None:
    """Store the new value of a record that is locked."""
    await connection.execute(update(tables.upload).where(_C.id == upload.id), upload_row(upload))


async def load_upload(connection: Transaction, upload_id: str, *, lock: bool = False) -> Upload:
    """Load a record, `lock`ed against other changes. Raises `NotFound`."""
    query = _OF_ID.with_for_update() if lock else _OF_ID
    found = await fetch(connection, query, {"upload_id": checked_id(upload_id)})
    if not found:
        raise NotFound("no such record")
    return upload_of(found[0])


def _fenced(upload: Upload, epoch: int) -> WriterFenced:
    return WriterFenced(f"the upload is {upload.state} at epoch {upload.epoch}, not open at {epoch}")
