"""A ledger in memory: the fake that passes the same contract as the real one."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from storage.errors import NotFound
from storage.uploads.s3.account import Account, Extent
from storage.uploads.s3.ledger import Decide


@dataclass(slots=True)
class _Row:
    account: Account
    settled: tuple[Extent, ...]
    touched_at: float
    heard_at: float


class MemoryLedger:
    """A `Ledger` that forgets everything with its process."""

    def __init__(self) -> None:
        self._rows: dict[str, _Row] = {}

    def _row(self, upload_id: str) -> _Row:
        try:
            return self._rows[upload_id]
        except KeyError as error:
            raise NotFound("no such upload") from error

    async def begin(self, upload_id: str, key: str | None) -> None:
        """Begin an empty account."""
        now = time.monotonic()
        self._rows.setdefault(upload_id, _Row(Account(upload_id, key), (), now, now))

    async def load(self, upload_id: str) -> Account:
        """Return the account."""
        row, now = self._row(upload_id), time.monotonic()
        return replace(row.account, silent_seconds=now - row.heard_at, idle_seconds=now - row.touched_at)

    async def change(self, upload_id: str, decide: Decide) -> Account:
        """Store what `decide` makes of the account."""
        row, before = self._row(upload_id), await self.load(upload_id)
        after = decide(before)
        kept = row.settled if after.settled_bytes else ()
        row.settled = (*kept, *(one for one in after.extents if one.is_settled))
        row.account = replace(after, extents=tuple(one for one in after.extents if not one.is_settled))
        if after.holder not in {None, before.holder}:
            row.touched_at = row.heard_at = time.monotonic()
        return row.account

    async def settled(self, upload_id: str) -> Sequence[Extent]:
        """Return the settled parts."""
        return sorted(self._row(upload_id).settled, key=lambda part: part.number)

    async def touch(self, idle_seconds: Mapping[str, float]) -> None:
        """Hear of holders."""
        now = time.monotonic()
        for row in self._rows.values():
            holder = row.account.holder
            if holder and holder in idle_seconds:
                row.heard_at, row.touched_at = now, now - idle_seconds[holder]

    async def ages(self) -> Mapping[str, float]:
        """Return the idle seconds of every upload."""
        now = time.monotonic()
        return {upload_id: now - row.touched_at for upload_id, row in self._rows.items()}

    async def multiparts(self) -> Collection[str]:
        """Return the id of every multipart upload."""
        return {row.account.multipart_id for row in self._rows.values() if row.account.multipart_id}

    async def forget(self, upload_id: str) -> None:
        """Remove the account."""
        self._rows.pop(upload_id, None)
