import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from storage.errors import Damaged, NotFound, WriterFenced
from storage.evidence import Change, Evidence
from storage.records.audit import AuditTrail
from storage.records.evidence import EvidenceRecords
from storage.records.outbox import Outbox
from storage.records.uploads import UploadRecords
from storage.states import EvidenceState
from storage.upload import Upload, UploadState
from tests.services.databases import ONLY_SQLITE
from tests.storage.records.values import NOW, job, new_evidence, new_upload, received

LATER = NOW + timedelta(days=1)


async def create(uploads: UploadRecords, **values) -> Upload:
    evidence = new_evidence(values.pop("centre_id", "centre-1"))
    upload, new = await uploads.create(new_upload(evidence, **values), evidence)
    assert new
    return upload


def withdrawn(_: Upload, evidence: Evidence) -> Change:
    return Change(replace(evidence, state=EvidenceState.WITHDRAWN), "upload_cancelled", "someone")


async def test_creation_stores_the_upload_its_evidence_and_one_event(
    uploads, records: EvidenceRecords, trail: AuditTrail
):
    evidence = new_evidence(filename="dance.mov")
    planned = new_upload(evidence, length_bytes=60 << 30, metadata="filename ZGFuY2U=", idempotency_key="k")
    assert await uploads.create(planned, evidence) == (planned, True)
    assert await uploads.load(planned.id, "centre-1") == planned
    assert await records.load(evidence.id, "centre-1") == evidence
    (event,) = await trail.events(evidence.id)
    assert (event.seq, event.kind, event.actor) == (1, "created", "someone")
    assert (event.from_state, event.to_state) == (None, "receiving")


async def test_a_repeated_idempotency_key_answers_the_first_upload(uploads, records):
    first = await create(uploads, idempotency_key="k")
    evidence = new_evidence()
    assert await uploads.create(new_upload(evidence, idempotency_key="k"), evidence) == (first, False)
    with pytest.raises(NotFound):
        await records.load(evidence.id, None)


async def test_two_creations_at_once_with_one_key_make_one_upload(uploads):
    pairs = [
        (new_upload(evidence, idempotency_key="k"), evidence) for evidence in (new_evidence(), new_evidence())
    ]
    (one, first), (two, second) = await asyncio.gather(*(uploads.create(*pair) for pair in pairs))
    assert one == two
    assert {first, second} == {True, False}


async def test_an_idempotency_key_is_a_centres_own(uploads):
    await create(uploads, idempotency_key="k")
    await create(uploads, idempotency_key="k", centre_id="centre-2")


async def test_the_same_id_twice_is_an_error(uploads):
    first = await create(uploads)
    evidence = new_evidence()
    with pytest.raises(IntegrityError):
        await uploads.create(replace(new_upload(evidence), id=first.id), evidence)


@pytest.mark.parametrize("upload_id", ["", "unknown", "../x", "\x00", "\ud800", "x" * 5000])
async def test_an_unknown_or_malformed_id_is_not_found(uploads: UploadRecords, upload_id):
    for call in (
        uploads.load(upload_id, None),
        uploads.finish(upload_id, received, expires_at=LATER),
        uploads.take_over(upload_id, 1),
        uploads.set_length(upload_id, 1, "someone", epoch=1),
    ):
        with pytest.raises(NotFound):
            await call


async def test_another_centres_upload_reads_as_if_it_never_existed(uploads):
    upload = await create(uploads)
    with pytest.raises(NotFound):
        await uploads.load(upload.id, "centre-2")


async def test_finishing_ends_the_upload_and_receives_the_evidence_at_once(uploads, records, outbox: Outbox):
    upload = await create(uploads, length_bytes=12)
    changed = await uploads.finish(upload.id, received, expires_at=LATER)
    finished = await uploads.load(upload.id, None)
    assert (finished.state, finished.expires_at) == (UploadState.FINISHED, LATER)
    assert finished.finished_at
    assert changed.after == await records.load(upload.evidence_id, None)
    assert (changed.after.state, changed.after.size_bytes) == (EvidenceState.RECEIVED, 12)
    assert await outbox.due(10, NOW) == (job(changed.after),) == changed.jobs


async def test_of_two_finishes_at_once_exactly_one_changes_anything(uploads, trail: AuditTrail):
    upload = await create(uploads)
    results = await asyncio.gather(*(uploads.finish(upload.id, received, expires_at=LATER) for _ in range(8)))
    assert len([changed for changed in results if changed]) == 1
    assert [event.kind for event in await trail.events(upload.evidence_id)] == ["created", "received"]


async def test_a_finish_that_is_decided_against_leaves_the_upload_open(uploads):
    upload = await create(uploads)
    assert await uploads.finish(upload.id, lambda *_: None, expires_at=LATER) is None
    assert await uploads.load(upload.id, None) == upload


async def test_a_finish_that_fails_leaves_the_upload_open(uploads):
    upload = await create(uploads)

    def fenced(now: Upload, _: Evidence) -> Change:
        raise WriterFenced(f"epoch {now.epoch}")

    with pytest.raises(WriterFenced):
        await uploads.finish(upload.id, fenced, expires_at=LATER)
    assert await uploads.load(upload.id, None) == upload


async def test_an_upload_ends_once(uploads, records):
    upload = await create(uploads)
    assert await uploads.end(upload.id, UploadState.TERMINATED, withdrawn, expires_at=LATER)
    assert await uploads.end(upload.id, UploadState.EXPIRED, withdrawn, expires_at=NOW) is None
    assert await uploads.finish(upload.id, received, expires_at=LATER) is None
    assert (await uploads.load(upload.id, None)).state == UploadState.TERMINATED
    assert (await records.load(upload.evidence_id, None)).state == EvidenceState.WITHDRAWN


@pytest.mark.parametrize("state", [UploadState.OPEN, UploadState.FINISHED])
async def test_ending_takes_only_the_ends_of_unfinished_uploads(uploads, state):
    upload = await create(uploads)
    with pytest.raises(ValueError, match="not an unfinished upload's end"):
        await uploads.end(upload.id, state, withdrawn, expires_at=LATER)


async def test_taking_over_moves_the_epoch_once(uploads):
    upload = await create(uploads)
    results = await asyncio.gather(
        *(uploads.take_over(upload.id, 1) for _ in range(5)), return_exceptions=True
    )
    (taken,) = [result for result in results if isinstance(result, Upload)]
    assert taken.epoch == 2
    assert [type(result) for result in results].count(WriterFenced) == 4


async def test_frozen_sizes_belong_to_their_epoch(uploads):
    upload = await create(uploads)
    await uploads.take_over(upload.id, 1)
    frozen = await uploads.freeze(upload.id, 2, (60 << 30,))
    assert (frozen.epoch, frozen.frozen) == (2, (60 << 30,))
    assert frozen == await uploads.load(upload.id, None)
    assert await uploads.freeze(upload.id, 2, (70 << 30,)) == frozen, "the first to freeze wins"
    await uploads.take_over(upload.id, 2)
    with pytest.raises(WriterFenced):
        await uploads.freeze(upload.id, 2, (1,))
    with pytest.raises(ValueError, match="segments before it"):
        await uploads.freeze(upload.id, 3, (1,))


async def test_an_upload_that_ended_cannot_be_taken_over(uploads):
    upload = await create(uploads)
    await uploads.finish(upload.id, received, expires_at=LATER)
    with pytest.raises(WriterFenced):
        await uploads.take_over(upload.id, 1)


async def test_a_deferred_length_is_set_once_of_its_evidence_too(uploads, trail: AuditTrail):
    upload = await create(uploads)
    known, changed = await uploads.set_length(upload.id, 7, "someone", epoch=1)
    assert (known.length_bytes, changed.after.size_bytes) == (7, 7)
    assert await uploads.set_length(upload.id, 8, "someone", epoch=1) == (known, None)
    assert [event.kind for event in await trail.events(upload.evidence_id)] == ["created", "length_known"]


async def test_touching_moves_the_expiry_of_open_uploads_only(uploads):
    upload = await create(uploads)
    await uploads.touch(upload.id, LATER)
    assert (await uploads.load(upload.id, None)).expires_at == LATER
    await uploads.finish(upload.id, received, expires_at=LATER)
    await uploads.touch(upload.id, NOW)
    assert (await uploads.load(upload.id, None)).expires_at == LATER


async def test_open_uploads_are_counted_by_centre_and_swept_in_batches(uploads):
    mine = sorted([(await create(uploads)).id for _ in range(5)])
    other = await create(uploads, centre_id="centre-2")
    await uploads.finish(mine.pop(), received, expires_at=LATER)
    assert (await uploads.open_uploads("centre-1")).centre_uploads == 4
    swept, after = [], ""
    while batch := await uploads.open_ids(2, after):
        swept += batch
        after = batch[-1]
    assert swept == sorted([*mine, other.id])


async def test_one_unreadable_record_hides_no_other_from_sweeps(uploads, database):
    first, second = sorted([await create(uploads), await create(uploads)], key=lambda upload: upload.id)
    await database.execute(text(f"UPDATE upload SET frozen = '3' WHERE id = '{first.id}'"))
    assert await uploads.open_ids(10) == (first.id, second.id)
    with pytest.raises(Damaged):
        await uploads.load(first.id, None)
    assert await uploads.load(second.id, None) == second


@ONLY_SQLITE
async def test_what_is_no_json_is_damaged(uploads, database):
    upload = await create(uploads)
    await database.execute(text("UPDATE upload SET frozen = '{'"))
    with pytest.raises(Damaged):
        await uploads.load(upload.id, None)


async def test_ids_that_no_record_has_are_told_from_those_that_one_has(uploads):
    upload = await create(uploads)
    assert await uploads.unknown_ids({upload.id, "x" * 32}) == {"x" * 32}


async def test_an_upload_that_ended_unfinished_lets_go_of_its_idempotency_key(uploads):
    first = await create(uploads, idempotency_key="k")
    assert await uploads.created_before("centre-1", "k") == first
    assert await uploads.created_before("centre-2", "k") is None
    await uploads.end(first.id, UploadState.TERMINATED, withdrawn, expires_at=LATER)
    assert await uploads.created_before("centre-1", "k") is None
    assert (await create(uploads, idempotency_key="k")).id != first.id


async def test_only_open_uploads_expire_and_only_ended_ones_are_forgotten(uploads, records):
    late, finished = await create(uploads), await create(uploads)
    await uploads.touch(late.id, NOW - timedelta(1))
    await uploads.finish(finished.id, received, expires_at=NOW - timedelta(1))
    assert await uploads.expired_ids(NOW, 10) == (late.id,)
    assert await uploads.forgettable_ids(NOW, 10) == (finished.id,)
    await uploads.forget(late.id)
    await uploads.forget(finished.id)
    assert (await uploads.load(late.id, None)).state == UploadState.OPEN
    with pytest.raises(NotFound):
        await uploads.load(finished.id, None)
    assert await records.load(finished.evidence_id, None)
