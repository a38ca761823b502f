"""A scanner that lies, breaks or hangs, seen from the stages: never clean, and made good by itself."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scanning.pool import ClamdPool
from storage.evidence import Evidence
from storage.states import EvidenceState, StageName, StageState
from tests.scanning import samples
from tests.scanning.fake_clamd import fake_clamd
from tests.scanning.test_pool import BROKEN_ANSWERS, HASTY
from tests.services.clamd import EICAR, ClamdServer
from tests.services.process import short_folder
from tests.workers.tasks.conftest import Workplace
from tests.workers.tasks.staging import finish
from workers.errors import Postpone
from workers.tasks.edge import run_stage
from workers.tasks.finding import Work
from workers.tasks.scan import scan
from workers.tasks.verify import verify


@pytest.fixture
def socket() -> Iterator[Path]:
    """Where the scanner is expected, whoever listens there."""
    with short_folder() as folder:
        yield folder / "clamd"


def expect(place: Workplace, socket: Path) -> None:
    place.context = replace(place.context, scanner=ClamdPool([socket], limits=HASTY))


async def mend(socket: Path, clamd: ClamdServer) -> None:
    """Put the real scanner where the broken one was."""
    await asyncio.to_thread(socket.unlink)
    await asyncio.to_thread(socket.symlink_to, clamd.socket)


async def break_at(place: Workplace, evidence: Evidence, stage: StageName, work: Work) -> Evidence:
    """Run a stage whose scanner breaks, and return the evidence, which must wait."""
    with pytest.raises(Postpone):
        await run_stage(place.context, evidence.id, stage, 1, work)
    after = await place.look(evidence)
    assert (after.state, after.delayed, after.code) == (evidence.state, True, "scanner_unavailable")
    assert (after.stage(stage).state, after.stage(stage).attempt) == (StageState.WAITING, 1)
    assert after.scan == evidence.scan
    return after


@pytest.mark.parametrize("answer", BROKEN_ANSWERS.values(), ids=BROKEN_ANSWERS)
async def test_original_bytes_wait_for_a_verdict_and_get_it_later(
    laboratory: Workplace, clamd_server: ClamdServer, socket: Path, answer: bytes | None
) -> None:
    expect(laboratory, socket)
    evidence = await laboratory.receive(samples.office("docx"), "docx")
    async with fake_clamd(socket, answer):
        await break_at(laboratory, evidence, StageName.SCAN, scan)
    await mend(socket, clamd_server)
    found = await finish(laboratory, evidence)
    assert (found.state, found.delayed, found.scan and found.scan.coverage) == ("verified", False, "full")


@pytest.mark.parametrize("answer", BROKEN_ANSWERS.values(), ids=BROKEN_ANSWERS)
async def test_what_is_inside_waits_for_a_verdict_and_gets_it_later(
    laboratory: Workplace, clamd_server: ClamdServer, socket: Path, answer: bytes | None
) -> None:
    """The scanner breaks between the original and its members, of which one is infected."""
    evidence = await laboratory.receive(samples.pdf_with_attachment(EICAR), "pdf")
    await run_stage(laboratory.context, evidence.id, StageName.SCAN, 1, scan)
    clean = await laboratory.look(evidence)
    assert clean.state is EvidenceState.SCANNED
    expect(laboratory, socket)
    async with fake_clamd(socket, answer):
        await break_at(laboratory, clean, StageName.VERIFY, verify)
    await mend(socket, clamd_server)
    found = await finish(laboratory, evidence)
    assert (found.state, found.code) == ("infected", "infected")
