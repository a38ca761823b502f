"""The stages that prove evidence safe, on real bytes, a real clamd and real sandboxed children."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from scanning.pool import ClamdPool
from scanning.windows import WindowPolicy
from storage.states import EvidenceState
from tests.scanning import samples
from tests.scanning.hostile import office, packed, pictures
from tests.scanning.hostile.case import READY, Case
from tests.scanning.sparse import sparse_archive
from tests.services.clamd import EICAR, ClamdServer
from tests.workers.tasks.conftest import Workplace
from tests.workers.tasks.staging import finish, prove

TEST_FILES = Path("/usr/share/clamav-testfiles")
PROGRAM = TEST_FILES / "clam.exe"
needs_test_files = pytest.mark.usefixtures("test_files")


@pytest.fixture
def test_files() -> None:
    """Say which package is missing: without it nobody knows whether viruses are found."""
    if not PROGRAM.exists():
        pytest.fail("Debian's clamav-testfiles is not installed: run config/setup.sh tests")


async def test_a_clean_document_is_covered_in_full_with_its_members(laboratory: Workplace) -> None:
    found = await prove(laboratory, samples.office("docx"), "docx")
    assert found.scan is not None
    assert (found.state, found.scan.verdict, found.scan.coverage) == ("verified", "clean", "full")
    assert found.scan.detail["members"] == 3


@needs_test_files
@pytest.mark.parametrize("file", sorted(TEST_FILES.glob("*")) or [PROGRAM], ids=lambda file: file.name)
async def test_a_test_file_of_clamav_is_infected(laboratory: Workplace, file: Path) -> None:
    suffix = {".exe": "exe", ".pdf": "pdf", ".ppt": "ppt", ".doc": "doc", ".rtf": "rtf", ".html": "html"}
    content = await asyncio.to_thread(file.read_bytes)
    found = await prove(laboratory, content, suffix.get(file.suffix))
    assert (found.state, found.code) == ("infected", "infected")
    assert found.detail == {"signature": "Test.ClamExe.UNOFFICIAL"}


@needs_test_files
def test_there_are_forty_four_of_them() -> None:
    assert len(list(TEST_FILES.iterdir())) == 44


CARRIERS = {
    "attached to a PDF by pikepdf": ("pdf", samples.pdf_with_attachment),
    "a part of docx": ("docx", lambda program: samples.office("docx", {"word/media/image1.png": program})),
    "packed into docx": (
        "docx",
        lambda program: samples.office("docx", {"word/embeddings/o.bin": office.ole_object(program)}),
    ),
    "in a PDF in a docx": (
        "docx",
        lambda program: samples.office(
            "docx", {"word/embeddings/a.pdf": samples.pdf_with_attachment(program)}
        ),
    ),
    "packed into ppt": (
        "ppt",
        lambda program: office.slides(office.packed_object(office.ole_object(program))),
    ),
    "packed into rtf in disguise": (
        "rtf",
        lambda program: office.rich_text(office.obfuscated_rtf_object(program)),
    ),
    "in odt": ("odt", lambda program: office.odt({"Object 1": office.ole_object(program)})),
    "in pages": (
        "pages",
        lambda program: samples.archive(
            {"Index/Document.iwa": samples.message_archive(10_000), "Data/a.bin": program}
        ),
    ),
}


@needs_test_files
@pytest.mark.parametrize("carrier", CARRIERS)
async def test_a_virus_in_a_document_is_found_whatever_it_is_wrapped_in(
    laboratory: Workplace, carrier: str
) -> None:
    extension, wrap = CARRIERS[carrier]
    found = await prove(laboratory, wrap(PROGRAM.read_bytes()), extension)
    assert (found.state, found.code) == ("infected", "infected")


async def test_a_virus_that_the_scanner_does_not_see_from_outside_is_named_by_its_member(
    laboratory: Workplace,
) -> None:
    found = await prove(laboratory, samples.pdf_with_attachment(EICAR), "pdf")
    assert found.scan is not None
    assert found.state == "infected"
    assert found.scan.detail["member"] == "notes.bin"


async def test_a_held_file_with_a_virus_inside_is_infected(laboratory: Workplace) -> None:
    """What a person would be asked to look at is scanned whole before."""
    carrier = samples.pdf_with_attachment(EICAR) + samples.archive({"a": "b"})
    found = await prove(laboratory, carrier, "pdf")
    assert (found.state, found.code) == ("infected", "infected")


async def test_held_evidence_says_whether_all_of_it_was_scanned(laboratory: Workplace) -> None:
    whole = await prove(laboratory, samples.picture("PNG") + samples.archive({"a": "b"}), "png")
    assert (whole.state, whole.scan and whole.scan.coverage) == ("held", "full")


async def test_held_evidence_of_which_a_part_is_locked_was_not_wholly_scanned(laboratory: Workplace) -> None:
    locked = samples.office("docx", {"word/embeddings/a.docx": samples.compound({"EncryptedPackage": b"x"})})
    found = await prove(laboratory, locked, "docx")
    assert (found.state, found.scan and found.scan.coverage) == ("held", "raw_bytes")


async def test_a_member_scanned_in_windows_is_never_called_clean(
    laboratory: Workplace, clamd_server: ClamdServer
) -> None:
    policy = WindowPolicy(whole_bytes=100_000, window_bytes=50_000, overlap_bytes=1_000)
    laboratory.context = replace(laboratory.context, scanner=ClamdPool([clamd_server.socket], windows=policy))
    found = await prove(laboratory, samples.office("docx", {"word/media/a.bin": bytes(300_000)}), "docx")
    assert found.scan is not None
    assert (found.state, found.scan.verdict, found.scan.coverage) == ("verified", "clean_windowed", "windows")
    assert found.scan.detail["members_windowed"] == 1


HANDFUL = [case for case in (*packed.CASES, *pictures.CASES) if case.end != READY][::5]


@pytest.mark.parametrize("case", HANDFUL, ids=lambda case: case.name)
async def test_hostile_evidence_ends_as_its_row_says(laboratory: Workplace, case: Case) -> None:
    found = await prove(laboratory, case.build(), case.extension)
    held = case.end.startswith("held")
    assert (found.state, found.code) == (EvidenceState.HELD if held else EvidenceState.REJECTED, case.end)


@needs_test_files
@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_a_virus_in_a_document_of_four_gigabytes_is_found(
    laboratory: Workplace, tmp_path: Path
) -> None:
    """Of the program only a packed attachment is there, which no window of the whole shows."""
    attached = samples.pdf_with_attachment(PROGRAM.read_bytes())
    members = {
        "Index/Document.iwa": samples.message_archive(10_000),
        "Data/long.mov": 3_000_000_000,
        "Data/notes.pdf": attached,
        "Data/short.mov": 1_100_000_000,
    }
    sparse_archive(tmp_path / "large", members)
    evidence = await laboratory.receive(b"", "pages", tmp_path / "large")
    found = await finish(laboratory, evidence)
    assert found.scan is not None
    assert (found.state, found.code) == ("infected", "infected")
    assert found.scan.detail["member"] == "Data/notes.pdf/notes.bin"
