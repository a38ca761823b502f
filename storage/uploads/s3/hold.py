"""A writer's hold on its account: every change is refused once another one has taken the upload over."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from storage.errors import Damaged, NotFound, WriterFenced
from storage.uploads.s3.account import Account, with_piece
from storage.uploads.s3.desk import Desk, to_its_end
from storage.uploads.s3.ledger import Decide
from storage.uploads.s3.reserving import Reservation, reserve


def unchanged(account: Account) -> Account:
    """Decide nothing."""
    return account


class Hold:
    """The newest account that the holder of `token` knows: nobody else adds to it."""

    def __init__(self, desk: Desk, token: str, account: Account) -> None:
        self.token = token
        self.account = account
        self._desk = desk

    async def change(self, decide: Decide) -> Account:
        """Change the account, and remove the pieces that it names no more.

        Raises `WriterFenced`, `NotFound`. Whoever is cancelled waits until it is known what was done.
        """

        def mine(account: Account) -> Account:
            account.require_holder(self.token)
            return decide(account)

        return await to_its_end(self._change(mine))

    async def _change(self, decide: Decide) -> Account:
        before = self.account
        self.account = await self._desk.ledger.change(before.upload_id, decide)
        stays = {one.name for one in self.account.extents}
        await self._desk.sweep([one.name for one in before.pieces if one.name not in stays])
        return self.account

    async def add_piece(self, place: str, size_bytes: int, *, held: bool, then: Decide) -> None:
        """Add a piece that is in the store, and change the account further in the same transaction."""
        try:
            await self.change(lambda account: then(with_piece(account, place, size_bytes, held=held)))
        except (WriterFenced, NotFound):
            await self._desk.sweep([place])
            raise

    async def reserve(self) -> Reservation:
        """Reserve a part's number."""
        return await reserve(self._desk, self.account, self.change)

    @asynccontextmanager
    async def explaining(self) -> AsyncIterator[None]:
        """Tell what the store has lost (`Damaged`) from what another one removed, who ended the upload."""
        try:
            yield
        except NotFound as error:
            await self.change(unchanged)
            raise Damaged("the store has lost some of the upload's bytes") from error
