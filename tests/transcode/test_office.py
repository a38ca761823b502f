"""LibreOffice on honest and on hostile documents: what it makes, and what it can reach."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pypdfium2
import pytest

from tests.samples.office import make_document
from tests.services.disk import small_disk
from tests.transcode.hostile_office import including_document, linking_document
from transcode.errors import NoSpace
from transcode.office import Office, build_command, format_settings
from transcode.sandbox import SandboxKind
from transcode.undrawn import Undrawable

needs_libreoffice = pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
SECRET = "another candidate's words"
WRITERS = {"docx": linking_document, "odt": including_document}


def words_of(pdf: Path) -> str:
    document = pypdfium2.PdfDocument(pdf)
    return "".join(page.get_textpage().get_text_range() for page in document)


@pytest.fixture
def room(tmp_path: Path) -> Path:
    (tmp_path / "room").mkdir(mode=0o700)
    return tmp_path / "room"


@pytest.fixture
async def visits() -> AsyncIterator[tuple[str, list[bytes]]]:
    """An address, and what came to it."""
    came: list[bytes] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.read(1000))
        writer.close()

    server = await asyncio.start_server(note, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/a.png", came
    server.close()
    await server.wait_closed()


@needs_libreoffice
async def test_a_document_becomes_a_pdf(tmp_path, room) -> None:
    made = await Office().convert(make_document(tmp_path / "a"), room, "docx")
    assert words_of(made.path).strip() == "My evaluation."
    assert "LibreOffice" in made.tools["LibreOffice"]


@needs_libreoffice
@pytest.mark.parametrize("kind", WRITERS)
async def test_nothing_that_a_document_names_is_fetched(tmp_path, room, visits, kind) -> None:
    url, came = visits
    made = await Office().convert(WRITERS[kind](tmp_path / "a", url), room, kind)
    assert "My own words." in words_of(made.path)
    assert not came


@needs_libreoffice
@pytest.mark.parametrize("kind", WRITERS)
async def test_no_other_file_is_read(tmp_path, room, kind) -> None:
    (tmp_path / "secret.txt").write_text(SECRET)
    source = WRITERS[kind](tmp_path / "a", f"file://{tmp_path}/secret.txt")
    made = await Office().convert(source, room, kind)
    assert "My own words." in words_of(made.path)
    assert SECRET not in words_of(made.path)


@needs_libreoffice
async def test_a_macro_does_not_run(tmp_path, room) -> None:
    macro = 'Open "/out/ran" For Output As #1\nClose #1\nThisComponent.Text.setString("the macro was here")'
    made = await Office().convert(including_document(tmp_path / "a", "x.odt", macro), room, "odt")
    assert "My own words." in words_of(made.path)
    assert not (room / "ran").exists()


@needs_libreoffice
async def test_only_the_reader_of_its_type_looks_at_a_document(tmp_path, room) -> None:
    with pytest.raises(Undrawable, match="does not understand"):
        await Office().convert(including_document(tmp_path / "a", "x.odt"), room, "docx")


@needs_libreoffice
@pytest.mark.parametrize("content", [b"", b"\0" * 4096, b"PK\3\4", b"{\\rtf1 \\bin999999999 "])
async def test_what_is_no_document_says_so(tmp_path, room, content) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(Undrawable):
        await Office().convert(tmp_path / "a", room, "docx")


@needs_libreoffice
async def test_a_document_that_takes_too_long_is_given_up(tmp_path, room) -> None:
    office = Office(timeout_seconds=0.3)
    with pytest.raises(Undrawable) as caught:
        await office.convert(make_document(tmp_path / "a"), room, "docx")
    assert caught.value.code == "too_much_to_draw"
    await nothing_runs(room)


@needs_libreoffice
async def test_a_full_disk_is_our_own_fault(tmp_path) -> None:
    with small_disk(64 << 10) as disk:
        if not disk.mounted:
            pytest.skip("no disk of its own can be mounted here")
        with pytest.raises(NoSpace):
            await Office().convert(make_document(tmp_path / "a"), disk.folder, "docx")


@needs_libreoffice
async def test_two_at_once_take_turns(tmp_path) -> None:
    office, source = Office(), make_document(tmp_path / "a")
    rooms = [tmp_path / "one", tmp_path / "two"]
    for place in rooms:
        place.mkdir()
    made = await asyncio.gather(*(office.convert(source, place, "docx") for place in rooms))
    assert [words_of(found.path).strip() for found in made] == ["My evaluation."] * 2


@needs_libreoffice
async def test_a_cancelled_conversion_leaves_nothing_running(tmp_path, room) -> None:
    office = Office()
    running = asyncio.create_task(office.convert(make_document(tmp_path / "a"), room, "docx"))
    await until(lambda: len(list((room / "profile").glob("user/*"))) > 1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await nothing_runs(room)


async def nothing_runs(room: Path) -> None:
    await until(lambda: not any(str(room).encode() in line for line in command_lines()))


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - what other processes do sets no event of ours
            await asyncio.sleep(0.02)


def command_lines() -> list[bytes]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            found.append((entry / "cmdline").read_bytes() if entry.name.isdigit() else b"")
        except OSError:
            continue
    return found


@pytest.mark.parametrize(
    ("office", "why"),
    [(Office(path="/nowhere"), "not installed"), (Office(SandboxKind.LIMITS), "kept apart")],
)
async def test_without_a_program_or_walls_nothing_is_opened(tmp_path, room, office, why) -> None:
    if shutil.which("soffice") is None:
        why = "not installed"
    with pytest.raises(Undrawable, match=why):
        await office.convert(make_document(tmp_path / "a"), room, "docx")
    assert not list(room.iterdir())


def test_the_command_names_everything_itself() -> None:
    assert build_command("/usr/bin/soffice", "/in", "/out", "writer8") == [
        "/usr/bin/soffice", "-env:UserInstallation=file:///out/profile", "--headless", "--norestore",
        "--nologo", "--nodefault", "--nolockcheck", "--infilter=writer8", "--convert-to", "pdf",
        "--outdir", "/out", "/in",
    ]  # fmt: skip


def test_a_new_profile_forbids_macros() -> None:
    assert 'oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value>' in format_settings()
