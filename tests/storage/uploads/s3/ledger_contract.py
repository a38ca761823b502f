"""What every ledger must do. A test class inherits `LedgerContract` and has a fixture `ledger`."""

import asyncio
from functools import partial

import pytest

from storage.errors import NotFound, UploadBusy, WriterFenced
from storage.uploads import UploadRef
from storage.uploads.s3.account import (
    Account,
    AccountState,
    as_piece,
    gone,
    kept,
    opened,
    released,
    reserved,
    sealed,
    shut,
    started,
    with_part,
    with_piece,
)
from tests.storage.upload_sample import ID, KEY, UPLOAD
from tests.storage.upload_stores import HOSTILE_IDS, until


class LedgerContract:
    async def test_a_new_account_is_empty_and_beginning_it_again_keeps_it(self, ledger):
        await ledger.begin(ID, KEY)
        assert (await ledger.load(ID)).counted == 0
        await ledger.change(ID, lambda account: with_piece(account, "uploads/a", 3))
        await ledger.begin(ID, None)
        account = await ledger.load(ID)
        assert (account.key, account.counted, account.epoch) == (KEY, 3, 1)

    async def test_what_is_changed_is_what_is_loaded(self, ledger):
        await ledger.begin(ID, KEY)

        def everything(account: Account) -> Account:
            account = started(opened(account, UPLOAD, "token"), "multipart", "blobs/x")
            account = with_part(reserved(account), 1, '"etag"', 100)
            account = with_piece(account, "uploads/a", 7)
            account = with_part(reserved(account), 2, '"etag"', 100, held=True)
            return with_piece(account, "uploads/b", 9, held=True)

        changed = await ledger.change(ID, everything)
        loaded = await ledger.load(ID)
        assert set(changed.extents) == set(loaded.extents)
        assert (loaded.counted, loaded.part_at, loaded.reached) == (107, 200, 209)
        assert (loaded.holder, loaded.multipart_id, loaded.place) == ("token", "multipart", "blobs/x")
        assert [part.number for part in await ledger.settled(ID)] == [1]
        assert (await ledger.change(ID, kept)).counted == 209
        assert [part.number for part in await ledger.settled(ID)] == [1, 2]
        assert [piece.name for piece in (await ledger.load(ID)).tail] == ["uploads/b"]

    async def test_a_change_that_is_refused_changes_nothing(self, ledger):
        await ledger.begin(ID, None)

        def refuse(account: Account) -> Account:
            with_piece(account, "uploads/a", 3)
            raise WriterFenced

        with pytest.raises(WriterFenced):
            await ledger.change(ID, refuse)
        assert (await ledger.load(ID)).extents == ()

    async def test_of_holders_at_once_one_is_let_in(self, ledger):
        await ledger.begin(ID, None)
        attempts = [
            ledger.change(ID, partial(opened, upload=UPLOAD, token=str(number))) for number in range(10)
        ]
        results = await asyncio.gather(*attempts, return_exceptions=True)
        assert sum(isinstance(result, Account) for result in results) == 1
        assert sum(isinstance(result, UploadBusy) for result in results) == 9

    async def test_numbers_reserved_at_once_are_all_different(self, ledger):
        await ledger.begin(ID, None)
        accounts = await asyncio.gather(*(ledger.change(ID, reserved) for _ in range(20)))
        assert sorted(account.next_number for account in accounts) == list(range(2, 22))

    async def test_sealed_parts_become_one_piece(self, ledger):
        await ledger.begin(ID, None)
        await ledger.change(ID, lambda account: started(account, "multipart", "uploads/whole"))
        for number in (1, 2):
            await ledger.change(ID, lambda account, number=number: with_part(account, number, "e", 100))
        await ledger.change(ID, lambda account: with_piece(account, "uploads/a", 3))
        await ledger.change(ID, sealed)
        account = await ledger.change(ID, as_piece)
        assert [(one.name, one.size_bytes) for one in account.tail] == [
            ("uploads/whole", 200),
            ("uploads/a", 3),
        ]
        assert account == (await ledger.change(ID, as_piece))
        assert await ledger.settled(ID) == []
        assert await ledger.multiparts() == set()
        with pytest.raises(WriterFenced):
            await ledger.change(ID, partial(opened, upload=UPLOAD, token="token"))

    async def test_silence_counts_from_the_last_beat_and_idleness_from_the_last_byte(self, ledger):
        await ledger.begin(ID, None)
        await ledger.begin(ID + "2", None)
        await ledger.change(ID, partial(opened, upload=UPLOAD, token="token"))

        async def is_silent() -> bool:
            return (await ledger.load(ID)).silent_seconds > 1

        await until(is_silent)
        silent = (await ledger.load(ID)).silent_seconds
        await ledger.touch({"token": 5.0, "nobody": 1.0})
        assert (await ledger.load(ID)).silent_seconds < silent
        assert (await ledger.load(ID)).idle_seconds >= 5
        ages = await ledger.ages()
        assert ages.keys() == {ID, ID + "2"}
        assert ages[ID] >= 5 > ages[ID + "2"] >= 0
        await ledger.touch({})

    async def test_who_has_only_just_opened_it_is_heard_of(self, ledger):
        await ledger.begin(ID, None)
        await ledger.change(ID, partial(opened, upload=UPLOAD, token="one"))
        await ledger.touch({"one": 9.0})
        await ledger.change(ID, partial(released, token="one"))
        assert (await ledger.load(ID)).idle_seconds >= 9
        await ledger.change(ID, partial(opened, upload=UPLOAD, token="two"))
        assert (await ledger.load(ID)).idle_seconds < 9

    async def test_an_upload_that_is_shut_or_gone_is_not_opened(self, ledger):
        await ledger.begin(ID, None)
        assert (await ledger.change(ID, partial(shut, upload=UPLOAD, key=KEY))).state is AccountState.SHUT
        for state in (shut, None):
            if state is None:
                await ledger.change(ID, gone)
            with pytest.raises(NotFound):
                await ledger.change(ID, partial(opened, upload=UPLOAD, token="token"))

    async def test_what_is_forgotten_is_not_found(self, ledger):
        await ledger.begin(ID, None)
        await ledger.change(ID, lambda account: with_piece(account, "uploads/a", 3))
        await ledger.forget(ID)
        await ledger.forget(ID)
        await ledger.touch({"token": 0.0})
        assert await ledger.ages() == {}
        await ledger.begin(ID, None)
        assert (await ledger.load(ID)).counted == 0

    @pytest.mark.parametrize("upload_id", ["n" * 22, *HOSTILE_IDS])
    async def test_an_unknown_account_is_not_found(self, ledger, upload_id):
        for attempt in (ledger.load, partial(ledger.change, decide=gone)):
            with pytest.raises(NotFound):
                await attempt(upload_id)

    async def test_a_later_epoch_ends_the_holder_and_freezes_what_there_is(self, ledger):
        await ledger.begin(ID, None)
        await ledger.change(ID, partial(opened, upload=UPLOAD, token="one"))
        await ledger.change(ID, lambda account: with_piece(account, "uploads/a", 3))
        account = await ledger.change(ID, partial(opened, upload=UploadRef(ID, 3, (3, 0)), token="two"))
        assert (account.epoch, account.sizes, account.holder) == (3, (3, 0), "two")
        with pytest.raises(WriterFenced):
            account.require_holder("one")
