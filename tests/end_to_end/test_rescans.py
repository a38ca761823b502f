"""New signatures find what the old ones missed, in evidence that was ready."""

from collections.abc import Iterator

import pytest

from tests.end_to_end.conftest import Deploy
from tests.end_to_end.trail import events
from tests.services.api import Api, until
from tests.services.clamd import ClamdServer
from tests.services.intake import Intake
from tests.services.process import short_folder

MARKER = b"a worm that nobody knew on the day of the upload"


@pytest.fixture(scope="module")
def running_intake(deploy: Deploy) -> Iterator[Intake]:
    with short_folder() as folder:
        clamd = ClamdServer(folder)
        clamd.start()
        try:
            with deploy(
                clamd, signatures=clamd.database, signature_check_seconds=0.5, quarantine_seconds=2
            ) as intake:
                yield intake
        finally:
            clamd.stop()


def learn(intake: Intake, name: str, marker: bytes) -> None:
    (intake.clamd.database / f"{name}.ndb").write_text(f"{name}.Test:0:*:{marker.hex()}\n")


def trail_of(intake: Intake, evidence_id: str) -> list[str]:
    return [kind for kind, _ in events(intake, evidence_id)]


async def test_a_late_signature_withdraws_ready_evidence_and_then_its_bytes_are_deleted(
    running_intake: Intake, api: Api
) -> None:
    worm = await api.send(b"My essay. " * 50 + MARKER, "essay.txt")
    clean = await api.send(b"My other essay. " * 50, "other.txt")
    for path in (worm, clean):
        assert (await api.wait(path))["state"] == "ready"
    learn(running_intake, "late", MARKER)
    found = await api.wait(worm, {"infected"}, 30)
    assert (found["code"], found["scan"]["verdict"]) == ("infected", "infected")
    assert (await api.download(found["original"]["url"]))[0] == 409
    trail = trail_of(running_intake, found["id"])
    assert ("scanned" in trail, trail.index("infected") > trail.index("scanned")) == (True, True)
    assert "original" in running_intake.kept(worm)

    async def is_gone() -> bool:
        return "original" not in running_intake.kept(worm)

    await until(is_gone)
    assert (await api.evidence(worm))["state"] == "infected"
    assert (await api.evidence(clean))["state"] == "ready"
    assert (await api.download(f"{clean}/original"))[0] == 200
    assert running_intake.run("storage", "verify", "--bytes") == "0 findings\n"
    assert trail_of(running_intake, found["id"])[-1] == "purged"


async def test_a_signature_for_what_is_inside_a_file_finds_it_later(
    running_intake: Intake, api: Api, tmp_path
) -> None:
    import io

    import pikepdf

    marker = b"a worm inside an attachment, deflated"
    with pikepdf.new() as paper:
        paper.add_blank_page()
        paper.attachments["notes.txt"] = pikepdf.AttachedFileSpec(paper, b"x " * 500 + marker)
        held = io.BytesIO()
        paper.save(held)
    path = await api.send(held.getvalue(), "paper.pdf")
    assert (await api.wait(path))["state"] == "ready"
    learn(running_intake, "inside", marker)
    assert (await api.wait(path, {"infected"}, 30))["code"] == "infected"
