"""How much is under way: open uploads and the bytes they announced, in all and of one centre."""

from dataclasses import dataclass

from sqlalchemy import func, select

from storage import tables
from storage.records.connections import Transaction
from storage.records.database import fetch
from storage.upload import UploadState


@dataclass(frozen=True, slots=True)
class OpenUploads:
    """Open uploads at one moment; a deferred length counts nothing until it is known."""

    uploads: int
    announced_bytes: int
    #: Of the centre that was asked for.
    centre_uploads: int
    centre_announced_bytes: int


async def count_open(connection: Transaction, centre_id: str) -> OpenUploads:
    """Count every open upload, and the centre's among them, in one query."""
    upload = tables.upload.c
    of_centre = upload.centre_id == centre_id
    announced = func.coalesce(func.sum(upload.length_bytes), 0)
    query = select(
        func.count().label("uploads"),
        announced.label("announced_bytes"),
        func.count().filter(of_centre).label("centre_uploads"),
        func.coalesce(func.sum(upload.length_bytes).filter(of_centre), 0).label("centre_announced_bytes"),
    ).where(upload.state == UploadState.OPEN.value)
    (row,) = await fetch(connection, query)
    return OpenUploads(**{name: int(value) for name, value in row.items()})
