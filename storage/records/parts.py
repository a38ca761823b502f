"""Records of parts: uploads that are no evidence, whose bytes a whole takes."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import String, cast, select

from storage import tables
from storage.records.connections import Transaction
from storage.records.database import Database
from storage.records.rows import upload_of
from storage.records.uploads import load_upload, store_upload, unfinished
from storage.upload import Upload, UploadState

_C = tables.upload.c


class PartRecords:
    """What wholes and their parts must know of each other."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_whole(self, whole: Upload) -> Mapping[str, Upload]:
        """Return the records that there are of a whole's parts, by id: its own centre's, open or finished."""
        of_centre = (_C.id.in_(set(whole.parts)), _C.centre_id == whole.centre_id, _C.evidence_id.is_(None))
        alive = _C.state.in_((UploadState.OPEN.value, UploadState.FINISHED.value))
        found = await self._database.fetch(select(tables.upload).where(*of_centre, alive))
        return {part.id: part for part in map(upload_of, found)}

    async def open_wholes(self, part: Upload) -> tuple[str, ...]:
        """Return the ids of the unfinished uploads that are made of this one: they still need its bytes."""
        names_it = cast(_C.parts, String).contains(f'"{part.id}"', autoescape=True)
        unfinished_ones = (_C.centre_id == part.centre_id, _C.state == UploadState.OPEN.value)
        found = await self._database.fetch(select(_C.id).where(*unfinished_ones, names_it).order_by(_C.id))
        return tuple(row["id"] for row in found)

    async def end(
        self, part_id: str, state: UploadState, if_still: Callable[[Upload], bool], *, expires_at: datetime
    ) -> None:
        """End an open part as `UploadRecords.end` does, if that is still wanted of its record."""
        ended = unfinished(state, expires_at)

        async def transaction(connection: Transaction) -> None:
            part = await load_upload(connection, part_id, lock=True)
            if part.state is UploadState.OPEN and if_still(part):
                await store_upload(connection, replace(part, **ended))

        await self._database.write(transaction)
