"""What each finding does to a piece of evidence."""

from dataclasses import replace

import pytest

from storage.evidence import Change, Evidence
from storage.states import EvidenceState, StageName, StageState, check_transition
from tests.workers.values import CLEAN, NOW, SEALED, SHA256, just_received, receiving, rendition, run_of
from workers.decisions import (
    Content,
    Ending,
    Limits,
    abandoned,
    attempt_failed,
    backoff_seconds,
    delayed,
    ended,
    received,
    redriven,
    rendered,
    scanned,
    verified,
)

LIMITS = Limits(max_attempts=3, max_backoff_seconds=60)
SCAN, VERIFY, TRANSCODE, THUMBNAIL = StageName


def applied(change: Change | None) -> Evidence:
    assert change is not None
    return change.after


def content(kind: str) -> Content:
    return Content("quicktime", "video/quicktime", kind, facts={"duration_seconds": 4.0})


def after_scan() -> Evidence:
    evidence = just_received()
    return applied(scanned(evidence, run_of(evidence, SCAN), CLEAN))


def after_verify(kind: str = "video") -> Evidence:
    evidence = after_scan()
    return applied(verified(evidence, run_of(evidence, VERIFY), content(kind), SEALED))


def test_the_last_byte_makes_scanning_due() -> None:
    change = received(receiving(), 1000, "key", NOW)
    assert change
    assert change.after.state is EvidenceState.RECEIVED
    assert [(job.stage, job.queue, job.attempt) for job in change.add_jobs] == [(SCAN, "scan", 1)]


def test_the_last_byte_counts_once() -> None:
    assert received(just_received(), 1000, "key", NOW) is None


def test_an_empty_file_is_rejected_at_once() -> None:
    change = received(receiving(), 0, "key", NOW)
    assert change
    assert (change.after.state, change.after.code, change.add_jobs) == (
        EvidenceState.REJECTED,
        "empty_file",
        (),
    )


@pytest.mark.parametrize(
    ("kind", "queues"),
    [
        ("video", {"video", "image"}),
        ("audio", {"video"}),
        ("image", {"image"}),
        ("document", {"image"}),
        ("data", {"image"}),
        ("text", {"image"}),
        ("web", {"image"}),
    ],
)
def test_verification_makes_the_renditions_of_its_kind_due(kind: str, queues: set[str]) -> None:
    evidence = after_scan()
    change = verified(evidence, run_of(evidence, VERIFY), content(kind), SEALED)
    assert change
    assert change.after.state is EvidenceState.VERIFIED
    assert {job.queue for job in change.add_jobs} == queues


@pytest.mark.parametrize("kind", ["archive", "program"])
def test_evidence_without_renditions_is_ready_once_verified(kind: str) -> None:
    evidence = after_verify(kind)
    check_transition(after_scan().state, evidence.state)
    assert evidence.state is EvidenceState.READY
    assert evidence.stage(TRANSCODE).state is StageState.SKIPPED


def test_a_film_is_ready_when_both_its_stages_are_done_in_any_order() -> None:
    evidence = after_verify()
    first = applied(rendered(evidence, run_of(evidence, THUMBNAIL), (rendition("poster"),), {}))
    assert first.state is EvidenceState.VERIFIED
    second = applied(rendered(first, run_of(first, TRANSCODE), (rendition("video"),), {}))
    assert second.state is EvidenceState.READY
    assert [made.kind for made in second.renditions] == ["poster", "video"]


def test_a_second_delivery_of_a_finished_stage_changes_nothing() -> None:
    evidence = just_received()
    run = run_of(evidence, SCAN)
    assert scanned(applied(scanned(evidence, run, CLEAN)), run, CLEAN) is None


def test_a_stale_attempt_changes_nothing() -> None:
    evidence = just_received()
    stale = run_of(evidence, SCAN, attempt=1)
    retried = applied(attempt_failed(evidence, stale, "boom", LIMITS, died=False))
    assert scanned(retried, stale, CLEAN) is None


def test_what_the_device_noted_goes_to_the_audit_trail_and_nowhere_else() -> None:
    evidence = after_verify()
    noted = {"at": "2026:06:01 10:15:00", "device": "Apple iPhone 13"}
    change = rendered(evidence, run_of(evidence, TRANSCODE), (), {"captured": noted, "pages": 2})
    assert change
    assert change.note["captured"] == noted
    assert (change.after.facts["pages"], "captured" in change.after.facts) == (2, False)


def test_evidence_is_never_ready_without_a_sealed_verdict_on_its_own_bytes() -> None:
    for scan in (CLEAN, replace(SEALED, sha256="00" * 32), replace(SEALED, verdict="unscanned")):
        evidence = after_scan()
        after = applied(verified(evidence, run_of(evidence, VERIFY), content("text"), scan))
        assert after.state is not EvidenceState.READY


def test_an_infection_ends_the_evidence_and_drops_what_was_due() -> None:
    evidence = after_verify()
    run = run_of(evidence, TRANSCODE)
    ending = Ending(EvidenceState.INFECTED, "infected", {"signature": "Eicar"})
    change = ended(evidence, run, ending)
    assert change
    assert change.after.state is EvidenceState.INFECTED
    assert set(change.drop_jobs) == {run.job.id, run_of(evidence, THUMBNAIL).job.id}


def test_an_infection_found_by_the_scan_is_bound_to_the_hash() -> None:
    evidence = just_received()
    ending = Ending(EvidenceState.INFECTED, "infected", {"signature": "Eicar"})
    after = applied(ended(evidence, run_of(evidence, SCAN), ending, replace(CLEAN, verdict="infected")))
    assert (after.sha256, after.scan and after.scan.verdict) == (SHA256, "infected")


def test_an_outage_keeps_the_state_and_is_said_once() -> None:
    evidence = just_received()
    run = run_of(evidence, SCAN)
    waiting = applied(delayed(evidence, run, "scanner_unavailable"))
    assert (waiting.state, waiting.delayed, waiting.code) == (
        EvidenceState.RECEIVED,
        True,
        "scanner_unavailable",
    )
    assert delayed(waiting, run, "scanner_unavailable") is None


def test_success_ends_a_delay() -> None:
    evidence = just_received()
    run = run_of(evidence, SCAN)
    after = applied(scanned(applied(delayed(evidence, run, "scanner_unavailable")), run, CLEAN))
    assert (after.delayed, after.code) == (False, None)


def test_a_failed_attempt_is_repeated_later_under_a_new_job() -> None:
    evidence = just_received()
    run = run_of(evidence, SCAN)
    change = attempt_failed(evidence, run, "boom", LIMITS, died=False)
    assert change
    (again,) = change.add_jobs
    assert (again.attempt, change.drop_jobs) == (2, (run.job.id,))
    assert again.due_at > run.ended_at


def test_too_many_attempts_end_failed() -> None:
    evidence = just_received()
    for _ in range(LIMITS.max_attempts):
        evidence = applied(attempt_failed(evidence, run_of(evidence, SCAN), "boom", LIMITS, died=False))
    assert (evidence.state, evidence.code) == (EvidenceState.FAILED, "processing_failed")


def test_two_observed_deaths_end_failed() -> None:
    evidence = after_verify()
    for _ in range(2):
        evidence = applied(
            attempt_failed(evidence, run_of(evidence, TRANSCODE), "signal 11", LIMITS, died=True)
        )
    assert evidence.state is EvidenceState.FAILED


def test_failed_evidence_can_be_run_again_from_where_it_failed() -> None:
    evidence = after_verify()
    for _ in range(2):
        evidence = applied(
            attempt_failed(evidence, run_of(evidence, TRANSCODE), "signal 11", LIMITS, died=True)
        )
    change = redriven(evidence, "ops", NOW)
    assert change
    assert change.after.state is EvidenceState.VERIFIED
    assert {job.stage for job in change.add_jobs} == {TRANSCODE, THUMBNAIL}
    assert all(job.attempt > 1 for job in change.add_jobs)
    assert redriven(change.after, "ops", NOW) is None


def test_an_abandoned_upload_ends_evidence_only_while_receiving() -> None:
    ending = Ending(EvidenceState.WITHDRAWN, "upload_cancelled", {})
    withdrawn = abandoned(receiving(), ending, "key")
    assert applied(withdrawn).state is EvidenceState.WITHDRAWN
    assert abandoned(just_received(), ending, "key") is None


def test_the_pause_doubles_up_to_its_limit() -> None:
    assert [backoff_seconds(attempt, 60) for attempt in (1, 2, 3, 9)] == [2, 4, 8, 60]
