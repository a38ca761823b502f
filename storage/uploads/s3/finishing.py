"""How an upload's bytes become a blob, or an object to be read: safe to interrupt between any two steps.

1. Shut the account (`shut`, or `sealed` for one to be read): from here the bytes do not change any more.
2. Bytes that have no part: store them as the blob. Otherwise send the tail as the last part.
3. Complete the multipart upload. It was begun at the blob's own place, so that nothing is copied, unless
   the store wants parts named that do not count (`storage.uploads.s3.padding`).
4. Remove the pieces, then the account.

After step 1 all that is done depends on the account alone, so that any number of processes may do it, at
once or after another one died: they send the same bytes under the same number.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from storage.errors import Damaged, NotFound, PartsDiffer, StorageError, StorageUnavailable, Undecided
from storage.uploads.s3.account import Account, AccountState, Extent, as_piece, require_number, with_last
from storage.uploads.s3.desk import Desk, blob_place
from storage.uploads.s3.padding import Layout, cut_out, layout_of, pad
from storage.uploads.s3.sizes import LEAST_BYTES

#: Pauses between the looks for an object that should be there.
_LOOK_SECONDS = (0.1, 0.2, 0.4, 0.8, 1.6)


async def make_blob(desk: Desk, account: Account) -> int:
    """Make the bytes of a shut account its blob and forget it; return its size in bytes.

    Raises `Damaged`, and `NotFound` when it is deleted meanwhile.
    """
    target = blob_place(account.key or "")
    try:
        if account.settled_bytes:
            await _make_whole(desk, account, target)
        else:
            await desk.objects.put(target, bytes(await desk.gather(account.tail)))
    except NotFound as error:
        # Another one may have done it all meanwhile.
        if not await _appears(desk, target, account.counted):
            await _require_shut(desk, account)
            raise Damaged("the store has lost some of the upload's bytes") from error
    await desk.sweep([piece.name for piece in account.tail])
    await desk.ledger.forget(account.upload_id)
    return account.counted


async def make_readable(desk: Desk, account: Account) -> Account:
    """Make the settled parts of a sealed account one object, and return the account of that."""
    if not account.settled_bytes:
        return account
    await _complete(desk, account)
    return await desk.ledger.change(account.upload_id, as_piece)


async def _make_whole(desk: Desk, account: Account, target: str) -> None:
    if account.tail:
        account = await _send_last(desk, account)
    await _complete(desk, account)
    if account.place and account.place != target:
        await desk.objects.copy(account.place, target)
        await desk.objects.delete([account.place])


async def _send_last(desk: Desk, account: Account) -> Account:
    """Send the tail as the last part, unless another one has done so. Raises `NotFound`, `StorageFull`.

    The number is not reserved: nobody but those who finish has one of a shut account any more, and they
    all send the same bytes. Of different numbers one would stay behind the last part.
    """
    number, place, multipart_id = require_number(account), *_multipart(account)
    try:
        body = await desk.gather(account.tail)
        etag = await desk.objects.send(place, multipart_id, number, body)
    except NotFound:
        latest = await desk.ledger.load(account.upload_id)
        if latest.tail:
            raise
        return latest
    add = partial(with_last, number=number, etag=etag, size_bytes=len(body))
    latest = await desk.ledger.change(account.upload_id, add)
    await desk.sweep([piece.name for piece in account.tail])
    return latest


def _multipart(account: Account) -> tuple[str, str]:
    if account.place is None or account.multipart_id is None:
        raise NotFound("no such upload")
    return account.place, account.multipart_id


async def _complete(desk: Desk, account: Account) -> None:
    """Make the settled parts an object. Raises `NotFound` when they, or the account, are gone."""
    parts = await desk.ledger.settled(account.upload_id)
    if not parts:
        raise NotFound("no such upload")
    layout = layout_of(*_multipart(account), parts, account.next_number, min(LEAST_BYTES, desk.sizes.at(0)))
    await _put_together(desk, layout)
    if layout.gaps and await _has(desk, layout.place, layout.padded_bytes):
        await _cut_out(desk, layout)
    if await desk.objects.size(layout.place) != account.settled_bytes:
        raise Damaged("the store has put the parts together wrongly")


async def _put_together(desk: Desk, layout: Layout) -> None:
    """Complete the multipart upload, of all parts where the store wants that. Raises `NotFound`."""
    sizes = layout.size_bytes, layout.padded_bytes
    try:
        await _name(desk, layout)
    except (NotFound, Undecided):
        # Another one has done it, or does so at this moment.
        if not await _appears(desk, layout.place, *sizes):
            raise
    except StorageUnavailable:
        # It may be done: the answer was lost.
        if not await _has(desk, layout.place, *sizes):
            raise


async def _name(desk: Desk, layout: Layout) -> None:
    try:
        await _complete_of(desk, layout, layout.parts)
    except PartsDiffer:
        latest = await _with_last_as_sent(desk, layout)
        if latest != layout:
            await _name(desk, latest)
        elif layout.gaps:
            await _complete_of(desk, layout, await pad(desk, layout))
        else:
            raise


async def _complete_of(desk: Desk, layout: Layout, parts: Sequence[Extent]) -> None:
    await desk.objects.complete(layout.place, layout.multipart_id, parts)


async def _with_last_as_sent(desk: Desk, layout: Layout) -> Layout:
    """Return the layout with the last part's entity tag as the store has it.

    All who finish send that part, and a store that encrypts gives the same bytes another tag each time.
    """
    *others, last = layout.parts
    sent = await desk.objects.sent(layout.place, layout.multipart_id)
    same = [part for part in sent if (part.number, part.size_bytes) == (last.number, last.size_bytes)]
    return replace(layout, parts=(*others, *(same or [last])))


async def _cut_out(desk: Desk, layout: Layout) -> None:
    try:
        await cut_out(desk, layout)
    except StorageError:
        # Another one may have done it meanwhile: then the object is shorter than it was.
        if not await _has(desk, layout.place, layout.size_bytes):
            raise


async def _require_shut(desk: Desk, account: Account) -> None:
    if (await desk.ledger.load(account.upload_id)).state is not AccountState.SHUT:
        raise NotFound("no such upload")


async def _appears(desk: Desk, place: str, *sizes_bytes: int) -> bool:
    """Tell whether the object is there soon: one server drops the parts a moment before it has the object."""
    for pause in _LOOK_SECONDS:
        if await _has(desk, place, *sizes_bytes):
            return True
        await asyncio.sleep(pause)
    return await _has(desk, place, *sizes_bytes)


async def _has(desk: Desk, place: str, *sizes_bytes: int) -> bool:
    try:
        return await desk.objects.size(place) in sizes_bytes
    except NotFound:
        return False
