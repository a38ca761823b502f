"""Evidence as the API shows it."""

from dataclasses import replace

import pytest

from gateway.representation import represent
from storage.states import EvidenceState, StageName
from tests.workers.values import NOW, just_received
from workers.queue import Progress

RUNNING = {StageName.SCAN: Progress(0.42, 31.0, NOW)}


def test_a_running_stage_shows_its_progress() -> None:
    stage = represent(just_received(), RUNNING)["stages"][0]
    assert (stage["state"], stage["progress"], stage["eta_seconds"]) == ("running", 0.42, 31.0)
    assert (stage["started_at"], stage["ended_at"]) == ("2026-11-21T20:15:04.123Z", None)


def test_a_stage_that_nobody_runs_waits() -> None:
    stages = represent(just_received(), {})["stages"]
    assert {stage["state"] for stage in stages} == {"waiting"}


def test_evidence_waits_for_its_next_attempt_only_until_that_runs() -> None:
    between = replace(just_received(), delayed=True, code="retrying")
    waiting, running = represent(between, {}), represent(between, RUNNING)
    assert (waiting["delayed"], waiting["code"]) == (True, "retrying")
    assert (running["delayed"], running["code"], running["reason"]) == (False, None, None)


@pytest.mark.parametrize("code", ["scanner_unavailable", "storage_full"])
def test_an_outage_is_shown_also_while_it_is_looked_at_again(code: str) -> None:
    assert represent(replace(just_received(), delayed=True, code=code), RUNNING)["code"] == code


def test_progress_of_evidence_that_has_ended_is_not_shown() -> None:
    ended = replace(just_received(), state=EvidenceState.INFECTED, code="infected", detail={"signature": "X"})
    shown = represent(ended, RUNNING)
    assert shown["stages"][0]["state"] == "waiting"
    assert "X" in shown["reason"]


def test_what_is_not_shown_says_why() -> None:
    facts = {
        "no_picture": "tool_missing",
        "no_picture_reason": "the program is not installed",
        "kind": "document",
    }
    shown = represent(replace(just_received(), facts=facts), {})
    assert shown["no_preview"] == {"code": "tool_missing", "reason": "the program is not installed"}
    assert shown["pages"] is None


def test_pages_are_counted() -> None:
    shown = represent(replace(just_received(), facts={"pages": 12, "kind": "document"}), {})
    assert (shown["pages"], shown["no_preview"]) == (12, None)


def test_the_pages_of_a_database_are_none_to_read() -> None:
    assert represent(replace(just_received(), facts={"pages": 12, "kind": "data"}), {})["pages"] is None
