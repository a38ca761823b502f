"""Two machines that write to one PostgreSQL at once."""

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from storage import tables
from storage.evidence import Change, Evidence
from storage.records.audit import AuditTrail
from storage.records.connections import Transaction
from storage.records.database import Database, open_database
from storage.records.evidence import EvidenceRecords
from storage.records.open_uploads import OpenUploads
from storage.records.upkeep import Upkeep
from storage.records.uploads import UploadRecords
from storage.upload import UploadState
from tests.services.databases import ONLY_POSTGRESQL
from tests.storage.records.values import NOW, new_evidence, new_upload, received, store

pytestmark = ONLY_POSTGRESQL


@pytest.fixture
async def second(database_url: str) -> AsyncIterator[Database]:
    """What another machine has of the same database."""
    async with open_database(database_url) as database:
        yield database


def at_most(most: int):
    def allow(counted: OpenUploads) -> None:
        if counted.centre_uploads >= most:
            raise ValueError("too many")

    return allow


async def test_no_race_of_two_machines_goes_beyond_a_cap(database: Database, second: Database):
    places = [UploadRecords(database), UploadRecords(second)]

    async def create(number: int) -> object:
        evidence = new_evidence()
        return await places[number % 2].create(new_upload(evidence), evidence, at_most(7))

    results = await asyncio.gather(*(create(number) for number in range(40)), return_exceptions=True)
    assert [type(result) for result in results].count(ValueError) == 33
    assert (await places[0].open_uploads("centre-1")).centre_uploads == 7


async def test_no_change_is_lost_between_two_machines(
    database: Database, second: Database, uploads, trail: AuditTrail
):
    evidence = await store(uploads)

    def counted(now: Evidence) -> Change:
        return Change(replace(now, facts={"n": now.facts.get("n", 0) + 1}), "counted", "worker:x")

    places = [EvidenceRecords(database), EvidenceRecords(second)]
    await asyncio.gather(*(place.change(evidence.id, counted) for place in places * 25))
    assert (await places[0].load(evidence.id, None)).facts == {"n": 50}
    assert [finding async for finding in trail.verify()] == []


async def test_readers_see_no_half_of_a_change(database: Database, second: Database, uploads):
    evidence = await store(uploads)
    done = asyncio.Event()

    def turned(now: Evidence) -> Change:
        number = now.facts.get("n", 0) + 1
        stages = tuple(replace(stage, attempt=number) for stage in now.stages)
        return Change(replace(now, facts={"n": number}, stages=stages), "turned", "worker:x")

    async def write() -> None:
        for _ in range(60):
            await EvidenceRecords(second).change(evidence.id, turned)
        done.set()

    async def read() -> None:
        while not done.is_set():
            seen = await EvidenceRecords(database).load(evidence.id, None)
            assert {stage.attempt for stage in seen.stages} == {seen.facts.get("n", 0)}

    await asyncio.gather(write(), *(read() for _ in range(3)))


async def test_of_finishes_and_ends_on_two_machines_one_counts(
    database: Database, second: Database, uploads, trail: AuditTrail
):
    places = [UploadRecords(database), UploadRecords(second)]
    for _ in range(10):
        evidence = await store(uploads)
        ends = [
            place.finish(f"upload-{evidence.id}", received, expires_at=NOW + timedelta(1))
            for place in places * 5
        ]
        assert len([changed for changed in await asyncio.gather(*ends) if changed]) == 1
        assert [event.kind for event in await trail.events(evidence.id)] == ["created", "received"]


async def test_transactions_that_wait_for_each_other_are_done_again(database: Database, second: Database):
    one, other = new_evidence(), new_evidence()
    for evidence in (one, other):
        await UploadRecords(database).create(new_upload(evidence), evidence)

    begun = []
    each_has_one = threading.Barrier(2)

    async def crosswise(place: Database, *ids: str) -> None:
        async def both(connection: Transaction) -> None:
            begun.append(ids)
            for evidence_id in ids:
                row = tables.evidence.c.id == evidence_id
                await connection.execute(update(tables.evidence).where(row).values(version=9))
                if evidence_id == ids[0] and begun.count(ids) == 1:
                    each_has_one.wait(10)

        await place.write(both)

    await asyncio.gather(crosswise(database, one.id, other.id), crosswise(second, other.id, one.id))
    assert len(begun) > 2, "they never waited for each other"
    rows = await database.fetch(select(tables.evidence.c.version))
    assert [row["version"] for row in rows] == [9, 9]


async def test_two_marks_of_one_evidence_at_once_are_both_kept(database: Database, second: Database, uploads):
    pieces = [await store(uploads) for _ in range(20)]
    for evidence in pieces:
        await asyncio.gather(
            Upkeep(database).mark_rescanned(evidence.id, NOW), Upkeep(second).mark_purged(evidence.id, NOW)
        )
    rows = await database.fetch(select(tables.upkeep))
    assert [(row["rescanned_at"], row["purged_at"]) for row in rows] == [(NOW, NOW)] * len(pieces)


async def test_parts_that_two_wholes_share_end_with_both(database: Database, second: Database, uploads):
    parts = [replace(new_upload(new_evidence()), evidence_id=None, concat="partial") for _ in range(6)]
    for part in parts:
        await uploads.create(part, None)
    ids = tuple(part.id for part in parts)
    wholes = [await store_whole(uploads, ids), await store_whole(uploads, tuple(reversed(ids)))]
    places = (UploadRecords(database), UploadRecords(second))
    ended = await asyncio.gather(
        *(place.finish(whole, received, expires_at=NOW) for place, whole in zip(places, wholes, strict=True))
    )
    assert all(ended)
    assert {(await uploads.load(part_id, None)).state for part_id in ids} == {UploadState.FINISHED}


async def store_whole(uploads: UploadRecords, parts: tuple[str, ...]) -> str:
    evidence = new_evidence()
    whole = replace(new_upload(evidence), parts=parts)
    await uploads.create(whole, evidence)
    return whole.id
