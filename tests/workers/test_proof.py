"""Nothing is ready unless exactly its bytes were scanned, and all that is inside them."""

from dataclasses import replace

import pytest

from storage.evidence import Scan
from storage.states import EvidenceState, StageName
from tests.workers.values import CLEAN, SEALED, just_received, run_of
from workers.decisions import Content, scanned, verified

WINDOWED = replace(SEALED, verdict="clean_windowed", coverage="windows")
PROGRAM = Content("pe-exe", "application/vnd.microsoft.portable-executable", "program")


def state_with(scan: Scan) -> EvidenceState:
    """Verify evidence of which nothing is rendered, with `scan` as its sealed verdict."""
    received = just_received()
    clean = scanned(received, run_of(received, StageName.SCAN), CLEAN)
    assert clean
    sealed = verified(clean.after, run_of(clean.after, StageName.VERIFY), PROGRAM, scan)
    assert sealed
    return sealed.after.state


@pytest.mark.parametrize("scan", [SEALED, WINDOWED], ids=lambda scan: scan.verdict)
def test_evidence_that_was_wholly_scanned_is_ready(scan: Scan) -> None:
    assert state_with(scan) is EvidenceState.READY


@pytest.mark.parametrize(
    "scan",
    [
        CLEAN,
        replace(SEALED, verdict="clean_windowed"),
        replace(SEALED, coverage="windows"),
        replace(WINDOWED, coverage="raw_bytes"),
        replace(SEALED, verdict="unscanned"),
        replace(SEALED, verdict="infected"),
        replace(SEALED, sha256="cd" * 32),
    ],
    ids=lambda scan: f"{scan.verdict} {scan.coverage} {scan.sha256[:2]}",
)
def test_evidence_that_was_not_is_not(scan: Scan) -> None:
    assert state_with(scan) is EvidenceState.VERIFIED
