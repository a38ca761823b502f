"""Reading copies of real documents: what is published, and what is said where nothing can be shown."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest

from config.formats import load_formats
from storage.evidence import Evidence, rendition_key
from storage.states import EvidenceState
from tests.samples.office import make_document
from tests.samples.paper import ESSAY, make_pdf
from tests.transcode.pictures import corners
from tests.workers.tasks.conftest import Workplace
from tests.workers.tasks.staging import run_thumbnail
from transcode.children import open_children
from transcode.office import Office
from transcode.sandbox import SandboxKind

MODULES = ("transcode.document", "transcode.text", "transcode.sheets", "transcode.quicklook")
PICTURED = {"thumbnail", "image", "document"}
#: What the real samples are shown as, by extension.
SHOWN = {
    **dict.fromkeys(("doc", "docx", "dotx", "odt", "pages", "pdf", "ppt", "pptm", "pptx", "rtf"), PICTURED),
    **{name: {"document"} for name in ("accdb", "html", "mdb", "txt", "xls", "xlsb", "xlsx")},
}
#: Samples that are shown otherwise: its sheets cannot be listed.
OTHERWISE = {"xlsb-1.xlsb": PICTURED}
#: Types by the extension, where they are not called alike.
TYPES = {"txt": "text"}


@pytest.fixture
async def desk(workplace: Workplace, tmp_path: Path) -> AsyncIterator[Workplace]:
    """A workplace with children that read documents."""
    async with open_children(MODULES, 1, tmp_path / "scratch") as children:
        workplace.context = replace(workplace.context, children=children)
        yield workplace


async def copy_of(place: Workplace, evidence: Evidence) -> tuple[str, bytes]:
    """Return the reading copy and its media type."""
    made = next(rendition for rendition in evidence.renditions if rendition.kind == "document")
    key = rendition_key(evidence.id, made.id)
    async with place.context.blobs.open_local(key, made.sha256) as path:
        return made.media_type, path.read_bytes()


def words_of(pdf: bytes) -> str:
    return pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range()


async def test_a_pdf_gets_pictures_and_a_copy_without_its_text(desk, tmp_path) -> None:
    after = await run_thumbnail(desk, make_pdf(tmp_path / "a.pdf").read_bytes(), "pdf")
    assert after.state is EvidenceState.READY
    assert {rendition.kind for rendition in after.renditions} == PICTURED
    assert after.facts["pages"] == 2
    assert "pages_shown" not in after.facts
    media_type, copy = await copy_of(desk, after)
    assert media_type == "application/pdf"
    assert not words_of(copy)


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
async def test_a_word_document_gets_what_a_pdf_gets(desk, tmp_path) -> None:
    after = await run_thumbnail(desk, make_document(tmp_path / "a.docx").read_bytes(), "docx")
    assert {rendition.kind for rendition in after.renditions} == PICTURED
    assert after.facts["pages"] == 1
    made = next(rendition for rendition in after.renditions if rendition.kind == "document")
    assert set(made.tools) == {"LibreOffice", "pdfium", "pypdfium2"}
    assert "--infilter=MS Word 2007 XML" in made.command


@pytest.mark.parametrize(
    "office", [Office(path="/nowhere"), Office(SandboxKind.LIMITS)], ids=["absent", "not kept apart"]
)
async def test_without_libreoffice_a_document_is_ready_and_says_why(desk, tmp_path, office) -> None:
    desk.context = replace(desk.context, office=office)
    after = await run_thumbnail(desk, make_document(tmp_path / "a.docx").read_bytes(), "docx")
    assert (after.state, after.renditions) == (EvidenceState.READY, ())
    assert after.facts["no_picture"] == "tool_missing"
    assert after.facts["no_picture_reason"] == office.missing


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
async def test_what_libreoffice_does_not_understand_is_ready_and_says_why(desk) -> None:
    after = await run_thumbnail(desk, b"no document", "docx")
    assert (after.state, after.facts["no_picture"]) == (EvidenceState.READY, "variant_unknown")


async def test_text_becomes_text(desk) -> None:
    after = await run_thumbnail(desk, ESSAY.encode("utf-16"), "text")
    assert await copy_of(desk, after) == ("text/plain; charset=utf-8", ESSAY.encode())


async def test_a_web_page_becomes_text(desk) -> None:
    page = b"<title>Essay</title><script>alert(1)</script><p onclick=x>Caf&eacute; &lt;b&gt;"
    after = await run_thumbnail(desk, page, "html")
    assert await copy_of(desk, after) == ("text/plain; charset=utf-8", "Essay\n\nCafé <b>\n".encode())


async def test_a_workbook_that_is_none_is_ready_and_says_why(desk) -> None:
    after = await run_thumbnail(desk, b"PK\3\4 no workbook", "xlsx")
    assert (after.state, after.renditions) == (EvidenceState.READY, ())
    assert after.facts["no_picture"] in {"variant_unknown", "tool_missing"}


async def test_a_damaged_pdf_is_held(desk) -> None:
    after = await run_thumbnail(desk, b"%PDF-1.7\n%%EOF", "pdf")
    assert (after.state, after.code) == (EvidenceState.HELD, "held_damaged")


async def test_apple_s_own_pages_stand_in(desk, tmp_path) -> None:
    import zipfile

    desk.context = replace(desk.context, office=Office(path="/nowhere"))
    corners().save(tmp_path / "preview.pdf")
    with zipfile.ZipFile(tmp_path / "a.pages", "w") as package:
        package.write(tmp_path / "preview.pdf", "QuickLook/Preview.pdf")
    after = await run_thumbnail(desk, (tmp_path / "a.pages").read_bytes(), "pages")
    assert {rendition.kind for rendition in after.renditions} == PICTURED
    assert after.facts["pages_from"] == "preview"


async def test_pages_without_a_preview_say_what_is_missing(desk, tmp_path) -> None:
    desk.context = replace(desk.context, office=Office(path="/nowhere"))
    after = await run_thumbnail(desk, make_document(tmp_path / "a.docx").read_bytes(), "pages")
    assert (after.state, after.facts["no_picture"]) == (EvidenceState.READY, "tool_missing")


def samples(corpus: Path | None) -> list[Path]:
    return [path for path in sorted(corpus.iterdir()) if path.suffix[1:] in SHOWN] if corpus else []


@pytest.mark.skipif(
    None in map(shutil.which, ("soffice", "mdb-tables")), reason="LibreOffice or mdbtools is not installed"
)
async def test_every_real_document_has_a_reading_copy(workplace, corpus, tmp_path) -> None:
    async with open_children(MODULES, 1, tmp_path / "scratch") as children:
        workplace.context = replace(workplace.context, children=children)
        for path in samples(corpus):
            name = path.suffix[1:]
            after = await run_thumbnail(workplace, path.read_bytes(), TYPES.get(name, name))
            assert after.state is EvidenceState.READY, path.name
            kinds = {rendition.kind for rendition in after.renditions}
            assert kinds == OTHERWISE.get(path.name, SHOWN[name]), (path.name, after.facts)


def test_every_document_of_the_table_has_somebody_who_shows_it() -> None:
    from workers.tasks.documents import DOCUMENT_MAKERS

    kinds = {"document", "data", "text", "web"}
    types = {row.name for row in load_formats().types.values() if row.kind in kinds}
    assert types - set(DOCUMENT_MAKERS) == {"iwork"}
