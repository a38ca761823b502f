from datetime import timedelta

from storage.evidence import Change, Job
from storage.records.evidence import EvidenceRecords
from storage.records.outbox import Outbox
from tests.storage.records.values import NOW, job, store


async def enqueue(records: EvidenceRecords, jobs: tuple[Job, ...], drop: tuple[str, ...] = ()) -> None:
    evidence_id = jobs[0].evidence_id
    await records.change(evidence_id, lambda now: Change(now, "due", "system", jobs, drop))


async def test_jobs_are_due_oldest_first_and_never_before_their_time(records, uploads, outbox: Outbox):
    evidence = await store(uploads)
    jobs = tuple(job(evidence, attempt, NOW - timedelta(seconds=attempt)) for attempt in range(1, 6))
    await enqueue(records, (*jobs, job(evidence, 9, NOW + timedelta(seconds=1))))
    assert await outbox.due(10, NOW) == jobs[::-1]


async def test_due_jobs_are_read_page_by_page_also_when_due_at_the_same_time(
    records, uploads, outbox: Outbox
):
    evidence = await store(uploads)
    await enqueue(records, tuple(job(evidence, attempt) for attempt in range(1, 8)))
    seen, after = [], None
    while page := await outbox.due(3, NOW, after):
        seen += page
        after = page[-1]
    assert sorted(due.attempt for due in seen) == list(range(1, 8))


async def test_a_change_drops_the_jobs_it_settles(records, uploads, outbox: Outbox):
    evidence = await store(uploads)
    await enqueue(records, (job(evidence, 1),))
    await enqueue(records, (job(evidence, 2),), drop=(job(evidence, 1).id, "never:was:1"))
    assert await outbox.due(10, NOW) == (job(evidence, 2),)


async def test_a_job_that_is_added_again_moves(records, uploads, outbox: Outbox):
    evidence = await store(uploads)
    later = NOW + timedelta(hours=1)
    await enqueue(records, (job(evidence, 1),))
    await enqueue(records, (job(evidence, 1, later),))
    assert await outbox.due(10, NOW) == ()
    assert await outbox.due(10, later) == (job(evidence, 1, later),)


async def test_the_backlog_is_counted_with_the_age_of_its_oldest(records, uploads, outbox: Outbox):
    assert await outbox.count_and_oldest() == (0, 0.0)
    evidence = await store(uploads)
    await enqueue(records, (job(evidence, 1), job(evidence, 2, NOW + timedelta(days=9999))))
    pending, age = await outbox.count_and_oldest()
    assert pending == 2
    assert age > 0


async def test_what_is_due_in_future_has_no_age(records, uploads, outbox: Outbox):
    evidence = await store(uploads)
    await enqueue(records, (job(evidence, 1, NOW + timedelta(days=9999)),))
    assert await outbox.count_and_oldest() == (1, 0.0)
