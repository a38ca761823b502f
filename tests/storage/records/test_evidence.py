import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from storage.errors import BadCursor, NotFound
from storage.evidence import Change, Evidence
from storage.records.audit import AuditTrail
from storage.records.evidence import EvidenceRecords
from storage.records.outbox import Outbox
from storage.records.uploads import UploadRecords
from storage.states import EvidenceState, IllegalTransition, StageName, StageState
from tests.storage.records.values import NOW, job, new_evidence, received, rendition, scanned, store, to

LATER = NOW + timedelta(days=1)


async def receive(uploads: UploadRecords, centre_id: str = "centre-1") -> Evidence:
    evidence = await store(uploads, new_evidence(centre_id))
    changed = await uploads.finish(f"upload-{evidence.id}", received, expires_at=LATER)
    assert changed
    return changed.after


async def test_what_a_change_returns_is_what_is_loaded_later(records, uploads):
    evidence = await receive(uploads)
    changed = await records.change(evidence.id, scanned)
    loaded = await records.load(evidence.id, "centre-1")
    assert loaded == changed.after
    assert [stage.name for stage in loaded.stages] == list(StageName)
    assert [rendition.id for rendition in loaded.renditions] == ["poster-1", "video-1"]
    assert loaded.facts == {"duration": 412.4, "pair": [1, 2], "7": None, "nested": {"a": [{}], "b": 1}}
    assert loaded.scan.signatures_at == NOW
    assert loaded.filename == scanned(evidence).after.filename


async def test_a_change_counts_the_version_and_says_before_after_and_jobs(records, uploads):
    evidence = await receive(uploads)
    due = job(evidence, 2)
    changed = await records.change(
        evidence.id, lambda now: Change(replace(now, delayed=True), "delayed", "worker:x", add_jobs=(due,))
    )
    assert changed.before == evidence
    assert (changed.after.version, changed.after.delayed) == (evidence.version + 1, True)
    assert changed.after.updated_at > evidence.updated_at
    assert changed.jobs == (due,)


async def test_a_decision_of_none_changes_nothing(records, uploads, trail: AuditTrail):
    evidence = await receive(uploads)
    assert await records.change(evidence.id, lambda _: None) is None
    assert await records.load(evidence.id, None) == evidence
    assert len(await trail.events(evidence.id)) == evidence.version


@pytest.mark.parametrize(
    "evidence_id", ["", "0199", "x" * 5000, "\x00", "\ud800", "a b", "é", "'; DROP TABLE evidence"]
)
async def test_an_id_that_is_none_is_not_found(records: EvidenceRecords, evidence_id: str):
    with pytest.raises(NotFound):
        await records.load(evidence_id, None)
    with pytest.raises(NotFound):
        await records.change(evidence_id, to(EvidenceState.WITHDRAWN))


async def test_another_centres_evidence_reads_as_if_it_never_existed(records, uploads):
    evidence = await receive(uploads)
    with pytest.raises(NotFound) as foreign:
        await records.load(evidence.id, "centre-2")
    with pytest.raises(NotFound) as unknown:
        await records.load(new_evidence().id, "centre-2")
    assert str(foreign.value) == str(unknown.value)
    assert await records.load(evidence.id, None) == evidence


async def test_an_illegal_transition_stores_nothing(records, uploads, trail: AuditTrail):
    evidence = await receive(uploads)
    with pytest.raises(IllegalTransition):
        await records.change(evidence.id, to(EvidenceState.READY))
    assert await records.load(evidence.id, None) == evidence
    assert [finding async for finding in trail.verify()] == []


@pytest.mark.parametrize("stolen", [{"id": "another"}, {"centre_id": "centre-2"}, {"created_at": LATER}])
async def test_a_change_cannot_turn_one_record_into_another(records, uploads, stolen):
    evidence = await receive(uploads)
    with pytest.raises(ValueError, match="a change keeps"):
        await records.change(evidence.id, lambda now: Change(replace(now, **stolen), "x", "y"))


async def test_a_decision_that_raises_stores_nothing(records, uploads, outbox: Outbox):
    evidence = await receive(uploads)
    due = await outbox.due(10, LATER)

    def fail(_: Evidence) -> Change:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        await records.change(evidence.id, fail)
    assert await records.load(evidence.id, None) == evidence
    assert await outbox.due(10, LATER) == due


@pytest.mark.parametrize("facts", [{"x": float("nan")}, {"x": object()}])
async def test_facts_that_json_cannot_hold_are_refused_whole(records, uploads, facts):
    evidence = await receive(uploads)
    with pytest.raises((ValueError, TypeError)):
        await records.change(evidence.id, to(EvidenceState.RECEIVED, facts=facts))
    assert await records.load(evidence.id, None) == evidence


async def test_a_fault_while_storing_leaves_nothing_half_done(records, uploads, outbox, trail: AuditTrail):
    evidence = await receive(uploads)
    twice = (rendition("video"), rendition("video"))
    change = to(EvidenceState.SCANNED, renditions=twice)(evidence)
    with pytest.raises(Exception, match=r"(?i)unique"):
        await records.change(evidence.id, lambda _: replace(change, drop_jobs=(job(evidence).id,)))
    assert await records.load(evidence.id, None) == evidence
    assert len(await outbox.due(10, LATER)) == 1
    assert [finding async for finding in trail.verify()] == []


async def test_stages_and_renditions_are_replaced_where_they_differ(records, uploads):
    evidence = await receive(uploads)
    await records.change(evidence.id, scanned)
    poster = rendition("poster")

    def redo(now: Evidence) -> Change:
        done = tuple(replace(stage, state=StageState.DONE, ended_at=NOW) for stage in now.stages[:1])
        return Change(replace(now, stages=done + now.stages[1:], renditions=(poster,)), "redo", "worker:x")

    changed = await records.change(evidence.id, redo)
    loaded = await records.load(evidence.id, None)
    assert loaded == changed.after
    assert loaded.renditions == (poster,)
    assert [stage.state for stage in loaded.stages] == ["done", "waiting", "waiting", "waiting"]


async def test_concurrent_changes_each_see_the_one_before(records, uploads, trail: AuditTrail):
    evidence = await receive(uploads)

    def count(now: Evidence) -> Change:
        return Change(replace(now, facts={"n": now.facts.get("n", 0) + 1}), "counted", "worker:x")

    await asyncio.gather(*(records.change(evidence.id, count) for _ in range(30)))
    loaded = await records.load(evidence.id, None)
    assert loaded.facts == {"n": 30}
    assert loaded.version == evidence.version + 30 == len(await trail.events(evidence.id))


async def test_a_cancelled_change_neither_holds_the_writer_nor_leaves_half(
    records, uploads, trail: AuditTrail
):
    evidence = await receive(uploads)
    for turn in range(40):
        task = asyncio.create_task(
            records.change(evidence.id, to(EvidenceState.RECEIVED, facts={"turn": turn}))
        )
        await asyncio.sleep(turn / 10_000)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    async with asyncio.timeout(5):
        await records.change(evidence.id, to(EvidenceState.SCANNED))
    assert [finding async for finding in trail.verify()] == []


async def test_pages_are_newest_first_and_reach_every_piece_once(records, uploads):
    stored = [await store(uploads) for _ in range(7)]
    await store(uploads, new_evidence("centre-2"))
    seen, cursor = [], None
    while True:
        page = await records.page("centre-1", None, 3, cursor)
        seen += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert [piece.id for piece in seen] == [piece.id for piece in reversed(stored)]
    assert seen[0].stages == stored[-1].stages
    assert len((await records.page(None, None, 100, None)).items) == 8


async def test_a_page_that_ends_exactly_at_the_last_piece_has_no_cursor(records, uploads):
    for _ in range(3):
        await store(uploads)
    assert (await records.page("centre-1", None, 3, None)).next_cursor is None
    assert await records.page("centre-9", None, 3, None) == type(await records.page("x", None, 1, None))(
        (), None
    )


async def test_pages_can_be_of_one_state(records, uploads):
    evidence = await receive(uploads)
    await store(uploads)
    page = await records.page("centre-1", EvidenceState.RECEIVED, 10, None)
    assert [piece.id for piece in page.items] == [evidence.id]
    assert page == await records.page(None, EvidenceState.RECEIVED, 10, None)


@pytest.mark.parametrize("cursor", ["", "!", "é", "AAAA", "A", "Zm9v=", "Zm9v\n", "\ud800", "x" * 5000])
async def test_a_malformed_cursor_is_a_value_error(records, cursor):
    with pytest.raises(BadCursor):
        await records.page(None, None, 10, cursor)


async def test_a_page_of_nothing_is_a_value_error(records):
    with pytest.raises(ValueError, match="at least one"):
        await records.page(None, None, 0, None)


async def test_failed_stages_are_counted_for_operators(records, uploads):
    assert await records.failed_stages() == {}
    evidence = await receive(uploads)
    stages = tuple(replace(stage, state=StageState.FAILED) for stage in evidence.stages[:1])
    await records.change(evidence.id, to(EvidenceState.FAILED, stages=stages))
    assert await records.failed_stages() == {StageName.SCAN: 1}
