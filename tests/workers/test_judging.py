"""What people and later scans decide, as pure functions."""

from dataclasses import replace

import pytest

from storage.evidence import Evidence
from storage.states import EvidenceState, StageName, StageState, check_transition
from tests.workers.values import CLEAN, NOW, SEALED, SHA256, just_received, rendition, run_of
from workers.decisions import Content, Ending, ended, scanned
from workers.judging import NotHeld, NotProved, found_infected, purged, released, turned_down

PICTURE = Content("png", "image/png", "image")
HELD = Ending(EvidenceState.HELD, "held_suspicious", {"problem": "another file follows it"})
VIRUS = Ending(EvidenceState.INFECTED, "infected", {"signature": "Late.Test"})


def held(scan=SEALED, content: Content | None = PICTURE) -> Evidence:
    received = just_received()
    change = scanned(received, run_of(received, StageName.SCAN), CLEAN)
    assert change
    after = ended(change.after, run_of(change.after, StageName.VERIFY), HELD, scan, content)
    assert after
    return after.after


def test_released_evidence_goes_on_to_its_renditions() -> None:
    change = released(held(), "key", "Looked at it: a harmless tail.", NOW)
    assert change.after.state is EvidenceState.VERIFIED
    assert [job.stage for job in change.add_jobs] == [StageName.THUMBNAIL]
    assert change.after.stage(StageName.VERIFY).state is StageState.DONE
    assert (change.after.code, change.after.flags) == (None, ("released",))
    assert change.note["reason"] == "Looked at it: a harmless tail."
    check_transition(EvidenceState.HELD, change.after.state)


def test_what_could_not_be_made_is_left_out_after_a_release() -> None:
    failed = tuple(
        replace(stage, state=StageState.FAILED if stage.name is StageName.TRANSCODE else StageState.DONE)
        for stage in held().stages
    )
    change = released(replace(held(), stages=failed), "key", "Listened to it.", NOW)
    assert change.after.state is EvidenceState.READY
    assert change.after.stage(StageName.TRANSCODE).state is StageState.SKIPPED


@pytest.mark.parametrize(
    "evidence",
    [
        held(scan=CLEAN),
        held(scan=replace(SEALED, verdict="unscanned")),
        held(scan=replace(SEALED, sha256="cd" * 32)),
        held(content=None),
    ],
    ids=["members not scanned", "over a limit", "other bytes", "of unknown kind"],
)
def test_nobody_releases_what_was_not_wholly_scanned(evidence: Evidence) -> None:
    with pytest.raises(NotProved):
        released(evidence, "key", "I am sure.", NOW)


def test_turned_down_evidence_says_why() -> None:
    change = turned_down(held(), "key", "The film shows another pupil.")
    assert (change.after.state, change.after.code) == (EvidenceState.REJECTED, "turned_down")
    assert change.after.detail == {"problem": "The film shows another pupil."}
    check_transition(EvidenceState.HELD, change.after.state)


@pytest.mark.parametrize("state", [state for state in EvidenceState if state is not EvidenceState.HELD])
def test_only_held_evidence_is_decided(state: EvidenceState) -> None:
    evidence = replace(held(), state=state)
    with pytest.raises(NotHeld):
        released(evidence, "key", "reason", NOW)
    with pytest.raises(NotHeld):
        turned_down(evidence, "key", "reason")


@pytest.mark.parametrize("state", [EvidenceState.READY, EvidenceState.HELD, EvidenceState.FAILED])
def test_a_virus_found_later_withdraws_it(state: EvidenceState) -> None:
    late = replace(SEALED, verdict="infected", signature="Late.Test")
    change = found_infected(replace(held(), state=state), "worker:test", VIRUS, late)
    assert change
    assert (change.after.state, change.after.code) == (EvidenceState.INFECTED, "infected")
    assert change.note["earlier_verdict"] == "clean"
    check_transition(state, change.after.state)


def test_a_virus_found_later_changes_no_other_end() -> None:
    for state in set(EvidenceState) - {EvidenceState.READY, EvidenceState.HELD, EvidenceState.FAILED}:
        assert found_infected(replace(held(), state=state), "worker:test", VIRUS, SEALED) is None


def test_purged_evidence_keeps_its_record_and_loses_its_renditions() -> None:
    infected = replace(held(), state=EvidenceState.INFECTED, renditions=(rendition("image"),))
    change = purged(infected, "worker:test")
    assert change
    assert (change.after.state, change.after.renditions, change.note) == (
        EvidenceState.INFECTED,
        (),
        {"sha256": SHA256},
    )
    assert purged(held(), "worker:test") is None
