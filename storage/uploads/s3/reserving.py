"""A place for a part: a number that nobody else will ever use, in a multipart upload that is on record."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from storage.errors import NotFound, WriterFenced
from storage.uploads.s3.account import Account, reserved, started
from storage.uploads.s3.desk import Desk, blob_place, new_place
from storage.uploads.s3.ledger import Decide


@dataclass(frozen=True, slots=True)
class Reservation:
    """Where one part may be sent."""

    place: str
    multipart_id: str
    number: int


async def reserve(
    desk: Desk, account: Account, change: Callable[[Decide], Awaitable[Account]]
) -> Reservation:
    """Reserve a number by `change`; begin the multipart upload with the first. Raises what `change` does.

    Its object will be where the blob store has the blob, if that is known.
    """
    if account.multipart_id and account.place:
        return _last(await change(reserved), account.place, account.multipart_id)
    place = blob_place(account.key) if account.key else new_place(account.upload_id)
    begun = await desk.objects.begin(place)
    try:
        return _last(await change(lambda latest: reserved(started(latest, begun, place))), place, begun)
    except (WriterFenced, NotFound):
        await desk.objects.abort(place, begun)
        raise


def _last(account: Account, place: str, multipart_id: str) -> Reservation:
    return Reservation(place, multipart_id, account.next_number - 1)
