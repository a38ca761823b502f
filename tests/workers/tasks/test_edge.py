"""What every stage does around its own work."""

import asyncio
import errno
import math
from dataclasses import replace
from pathlib import Path

import pytest

from scanning.errors import ScanError, ScannerUnavailable
from storage.errors import Damaged, NotFound, StorageFull, StorageUnavailable
from storage.evidence import Evidence, rendition_key
from storage.states import EvidenceState, StageName, StageState
from tests.workers.tasks.conftest import Workplace
from tests.workers.values import CLEAN
from transcode.errors import ChildDied, NoChild, NoSpace, SourceDamaged, ToolFailed
from transcode.made import Made
from workers.context import Context
from workers.decisions import scanned
from workers.errors import Postpone
from workers.tasks.edge import run_stage
from workers.tasks.finding import Finding, Outage, Work
from workers.tasks.publication import publish

SCAN = StageName.SCAN


def found_clean() -> Work:
    async def work(_: Context, __: Evidence) -> Finding:
        return Finding(lambda now, run: scanned(now, run, CLEAN))

    return work


def failing(error: Exception) -> Work:
    async def work(_: Context, __: Evidence) -> Finding:
        raise error

    return work


async def test_a_finding_is_stored_and_what_it_makes_due_is_pushed(workplace: Workplace) -> None:
    evidence = await workplace.receive()
    await run_stage(workplace.context, evidence.id, SCAN, 1, found_clean())
    after = await workplace.look(evidence)
    assert after.state is EvidenceState.SCANNED
    (due,) = await workplace.context.outbox.due(10, after.updated_at)
    assert (due.stage, await workplace.context.queue.missing([due])) == (StageName.VERIFY, ())


async def test_a_stale_delivery_does_no_work(workplace: Workplace) -> None:
    evidence = await workplace.receive()
    await run_stage(workplace.context, evidence.id, SCAN, 1, found_clean())
    before = await workplace.look(evidence)
    await run_stage(workplace.context, evidence.id, SCAN, 1, failing(AssertionError("ran again")))
    assert await workplace.look(evidence) == before


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ScannerUnavailable("down"), "scanner_unavailable"),
        (ScanError("half a line"), "scanner_unavailable"),
        (Outage("signatures_stale"), "signatures_stale"),
        (StorageFull("full"), "storage_full"),
        (NoSpace("full"), "storage_full"),
        (NoChild("none"), "tools_unavailable"),
        (OSError(errno.ENOSPC, "No space left on device"), "storage_full"),
        (StorageUnavailable("away"), "storage_unavailable"),
        (ExceptionGroup("two", [ScannerUnavailable("down"), ValueError()]), "scanner_unavailable"),
    ],
)
async def test_an_outage_of_ours_delays_and_is_looked_at_again(
    workplace: Workplace, error: Exception, code: str
) -> None:
    evidence = await workplace.receive()
    with pytest.raises(Postpone):
        await run_stage(workplace.context, evidence.id, SCAN, 1, failing(error))
    after = await workplace.look(evidence)
    assert (after.state, after.delayed, after.code) == (EvidenceState.RECEIVED, True, code)
    assert after.stage(SCAN).attempt == 1


@pytest.mark.parametrize("error", [ValueError("bug"), ToolFailed(1, "no"), Damaged("hash"), NotFound("gone")])
async def test_any_other_error_is_a_counted_attempt(workplace: Workplace, error: Exception) -> None:
    evidence = await workplace.receive()
    for attempt in (1, 2, 3):
        await run_stage(workplace.context, evidence.id, SCAN, attempt, failing(error))
    after = await workplace.look(evidence)
    assert (after.state, after.code) == (EvidenceState.FAILED, "processing_failed")
    assert await workplace.context.outbox.count_and_oldest() == (0, 0.0)


async def test_two_seen_deaths_of_the_child_end_failed(workplace: Workplace) -> None:
    evidence = await workplace.receive()
    for attempt in (1, 2):
        await run_stage(workplace.context, evidence.id, SCAN, attempt, failing(ChildDied(11)))
    assert (await workplace.look(evidence)).state is EvidenceState.FAILED


def endless() -> Work:
    async def work(_: Context, __: Evidence) -> Finding:
        await asyncio.Event().wait()
        raise AssertionError("woken")

    return work


async def runs(workplace: Workplace) -> dict[str, float]:
    totals = await workplace.context.queue.counters.totals()
    return {field[2]: count for field, count in totals.items() if field[:2] == ("jobs", "scan")}


async def test_every_run_is_counted_by_what_it_came_to(workplace: Workplace) -> None:
    evidence = await workplace.receive()
    before = await runs(workplace)
    with pytest.raises(Postpone):
        await run_stage(workplace.context, evidence.id, SCAN, 1, failing(Outage("signatures_stale")))
    await run_stage(workplace.context, evidence.id, SCAN, 1, failing(ValueError("bug")))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await run_stage(workplace.context, evidence.id, SCAN, 2, endless())
    await run_stage(workplace.context, evidence.id, SCAN, 2, found_clean())
    await run_stage(workplace.context, evidence.id, SCAN, 2, found_clean())
    outcomes = ("waiting", "failed", "interrupted", "done", "unawaited")
    after = await runs(workplace)
    assert {name: after[name] - before.get(name, 0) for name in outcomes} == dict.fromkeys(outcomes, 1)
    totals = await workplace.context.queue.counters.totals()
    assert totals["evidence_entered", "scanned", ""] >= 1


async def test_a_broken_source_is_held_with_the_tools_words(workplace: Workplace) -> None:
    evidence = await workplace.receive()
    await run_stage(workplace.context, evidence.id, SCAN, 1, failing(SourceDamaged("it ends too early")))
    after = await workplace.look(evidence)
    assert (after.state, after.code) == (EvidenceState.HELD, "held_damaged")
    assert after.detail == {"problem": "it ends too early"}


async def test_a_finding_that_cannot_be_stored_is_a_counted_attempt(workplace: Workplace) -> None:
    async def work(_: Context, __: Evidence) -> Finding:
        return Finding(lambda now, run: scanned(now, run, replace(CLEAN, detail={"share": math.nan})))

    evidence = await workplace.receive()
    await run_stage(workplace.context, evidence.id, SCAN, 1, work)
    after = await workplace.look(evidence)
    assert (after.code, after.stage(SCAN).attempt) == ("retrying", 2)


async def test_what_was_published_for_nothing_is_removed(workplace: Workplace, tmp_path: Path) -> None:
    evidence = await workplace.receive()
    kept = await workplace.context.blobs.keys(evidence.id)

    async def useless(context: Context, evidence: Evidence) -> Finding:
        finding = await publish(context, evidence, SCAN, [made(tmp_path)], {})
        assert await context.blobs.keys(evidence.id) != kept
        return replace(finding, decide=lambda *_: None)

    async def unstorable(context: Context, evidence: Evidence) -> Finding:
        return await publish(context, evidence, SCAN, [made(tmp_path)], {"share": math.nan})

    for work in (useless, unstorable):
        await run_stage(workplace.context, evidence.id, SCAN, 1, work)
        assert await workplace.context.blobs.keys(evidence.id) == kept


async def test_what_a_killed_run_published_is_removed_once_the_stage_is_done(
    workplace: Workplace, tmp_path: Path
) -> None:
    evidence = await workplace.receive()
    stray = rendition_key(evidence.id, "scan-0199")
    other = rendition_key(evidence.id, "thumbnail-0199")
    for key in (stray, other):
        await workplace.context.blobs.write_bytes(key, b"half")

    async def work(context: Context, evidence: Evidence) -> Finding:
        return await publish(context, evidence, SCAN, [made(tmp_path)], {})

    await run_stage(workplace.context, evidence.id, SCAN, 1, work)
    after = await workplace.look(evidence)
    assert after.stage(SCAN).state is StageState.DONE
    keys = await workplace.context.blobs.keys(evidence.id)
    assert stray not in keys
    assert other in keys, "another stage may be about to make it known"
    assert rendition_key(evidence.id, after.renditions[0].id) in keys


async def test_a_full_store_half_way_leaves_nothing_published(workplace: Workplace, tmp_path: Path) -> None:
    evidence = await workplace.receive()
    kept = await workplace.context.blobs.keys(evidence.id)

    async def work(context: Context, evidence: Evidence) -> Finding:
        missing = replace(made(tmp_path), path=tmp_path / "gone.jpg")
        return await publish(context, evidence, SCAN, [made(tmp_path), missing], {})

    await run_stage(workplace.context, evidence.id, SCAN, 1, work)
    assert await workplace.context.blobs.keys(evidence.id) == kept


def made(folder: Path) -> Made:
    path = folder / "thumbnail.jpg"
    path.write_bytes(b"picture")
    return Made(path, "thumbnail", "image/jpeg", 7, ("test",), {})
