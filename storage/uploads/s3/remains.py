"""What uploads leave in the store: all of it goes with them, also what the ledger does not know of.

Objects that a killed writer left unrecorded lie in their upload's folder. A multipart upload lies where its
blob would; one that no account names, because who began it was killed before it was recorded, is reported
after a day under a name made of its id.
"""

import hashlib
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from storage.errors import NotFound
from storage.evidence import original_key
from storage.uploads.naming import is_upload_id
from storage.uploads.s3.account import gone
from storage.uploads.s3.desk import Desk, folder_of
from storage.uploads.s3.objects import Found

#: The store is listed at most so often, and at the start.
_LIST_SECONDS = 3600.0
_ORPHAN_SECONDS = 86_400.0
_ORPHAN = "orphaned-multipart-"


class Remains:
    """Everything there is of uploads, finished or not."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._listed_at = -_LIST_SECONDS
        self._listed: dict[str, float] = {}

    async def ages(self) -> Mapping[str, float]:
        """Return the ages of accounts, and of what was found in the store when it was last listed."""
        known = await self._desk.ledger.ages()
        if time.monotonic() - self._listed_at > _LIST_SECONDS:
            self._listed_at = time.monotonic()
            found = {**await self._left_objects(), **await self._orphans()}
            self._listed = {name: age for name, age in found.items() if name not in known}
        return {**self._listed, **known}

    async def _left_objects(self) -> dict[str, float]:
        """Return the age of the youngest object of each upload that has any."""
        ages: dict[str, float] = {}
        for found in await self._desk.objects.find("uploads/"):
            upload_id = found.place.split("/")[1]
            if is_upload_id(upload_id):
                ages[upload_id] = min(ages.get(upload_id, found.age_seconds), found.age_seconds)
        return ages

    async def _orphans(self) -> dict[str, float]:
        return {_name(found): found.age_seconds for found in await self._unknown()}

    async def _unknown(self) -> Sequence[Found]:
        """Return the old multipart uploads of originals and of uploads that no account has."""
        left = [
            found
            for found in (
                *await self._desk.objects.unfinished("uploads/"),
                *await self._desk.objects.unfinished("blobs/"),
            )
            if found.age_seconds > _ORPHAN_SECONDS and _is_ours(found.place)
        ]
        known = await self._desk.ledger.multiparts() if left else ()
        return [found for found in left if found.multipart_id not in known]

    async def delete(self, upload_id: str) -> None:
        """Remove the account and whatever lies under its name; idempotent."""
        self._listed.pop(upload_id, None)
        if upload_id.startswith(_ORPHAN):
            await self._abort_orphan(upload_id)
        elif is_upload_id(upload_id):
            await self._delete(upload_id)

    async def _delete(self, upload_id: str) -> None:
        desk = self._desk
        with suppress(NotFound):
            # Marked first: no writer may add anything from here, and whoever dies here is found by its age.
            account = await desk.ledger.change(upload_id, gone)
            if account.multipart_id and account.place:
                await desk.objects.abort(account.place, account.multipart_id)
        left = await desk.objects.find(folder_of(upload_id))
        await desk.objects.delete([found.place for found in left])
        await desk.ledger.forget(upload_id)

    async def _abort_orphan(self, name: str) -> None:
        for found in await self._unknown():
            if _name(found) == name:
                await self._desk.objects.abort(found.place, found.multipart_id)


def _is_ours(place: str) -> bool:
    """Tell whether uploads put objects there; the blob store looks after its own."""
    return place.startswith("uploads/") or place.endswith(original_key(""))


def _name(found: Found) -> str:
    return _ORPHAN + hashlib.sha256(found.multipart_id.encode()).hexdigest()[:32]
