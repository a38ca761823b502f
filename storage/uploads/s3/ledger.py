"""The ledger: the accounts of all unfinished uploads, where every gateway sees them.

Every implementation passes `tests/storage/uploads/s3/ledger_contract.py`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from storage.uploads.s3.account import Account, Extent

#: What becomes of an account; may be asked more than once, and may raise against it.
Decide = Callable[[Account], Account]


class Ledger(Protocol):
    """Keeps accounts. Each method is one transaction, which ends even when its caller is cancelled."""

    async def begin(self, upload_id: str, key: str | None) -> None:
        """Begin an empty account; one that is there stays as it is."""
        ...

    async def load(self, upload_id: str) -> Account:
        """Return the account. Raises `NotFound`."""
        ...

    async def change(self, upload_id: str, decide: Decide) -> Account:
        """Store what `decide` makes of the account while nobody else can change it, and return it.

        Whoever opens it is heard of at that moment. Raises `NotFound`, and what `decide` does: then nothing
        is stored.
        """
        ...

    async def settled(self, upload_id: str) -> Sequence[Extent]:
        """Return the settled parts by their numbers."""
        ...

    async def touch(self, idle_seconds: Mapping[str, float]) -> None:
        """Hear of holders, by their tokens, and how long ago the last bytes came to each."""
        ...

    async def ages(self) -> Mapping[str, float]:
        """Return the idle seconds of every upload that has an account, by id."""
        ...

    async def multiparts(self) -> Collection[str]:
        """Return the id of every multipart upload that an account has."""
        ...

    async def forget(self, upload_id: str) -> None:
        """Remove the account; a missing one is no error."""
        ...
