"""Office files made into PDF by LibreOffice, a program that need not be installed.

It runs only where bubblewrap keeps it apart: a document may name other files and addresses, and there it
finds neither. Macros are switched off, the profile is new each time, and one document is converted at a time.
"""

import asyncio
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from transcode.errors import ChildDied, NoSpace, OutputTooLarge, ToolFailed, ToolTimeout
from transcode.process import Finished, run
from transcode.sandbox import ENVIRONMENT, Limits, Room, SandboxKind, detect, wrap
from transcode.undrawn import NoPicture, Undrawable

PROGRAM = "soffice"
TIMEOUT_SECONDS = 120.0
LIMITS = Limits(address_space_bytes=4 << 30, cpu_seconds=120, file_size_bytes=512 << 20, open_files=512)
#: Debian keeps the program's own settings there.
SYSTEM_SETTINGS = Path("/etc/libreoffice")
PROFILE = "profile"
SETTINGS = f"{PROFILE}/user/registrymodifications.xcu"
#: A full disk shows as any failure; with less than this left, that is taken to be why.
LEAST_FREE_BYTES = 16 << 20
VERSION_SECONDS = 30.0
UNKNOWN = "the program that reads office files does not understand it"


#: LibreOffice's reader by type of the content: only this one may look at it, whatever the bytes pretend.
READERS: Mapping[str, str] = {
    "doc": "MS Word 97",
    "docx": "MS Word 2007 XML",
    "docm": "MS Word 2007 XML VBA",
    "dotx": "MS Word 2007 XML Template",
    "dotm": "MS Word 2007 XML Template",
    "rtf": "Rich Text Format",
    "odt": "writer8",
    "odp": "impress8",
    "pages": "Apple Pages",
    "ppt": "MS PowerPoint 97",
    "pptx": "Impress MS PowerPoint 2007 XML",
    "pptm": "Impress MS PowerPoint 2007 XML VBA",
    "potx": "Impress MS PowerPoint 2007 XML Template",
    "potm": "Impress MS PowerPoint 2007 XML Template",
    "ppsx": "Impress MS PowerPoint 2007 XML AutoPlay",
    "ppsm": "Impress MS PowerPoint 2007 XML AutoPlay",
    "xls": "MS Excel 97",
    "xlsx": "Calc MS Excel 2007 XML",
    "xltx": "Calc MS Excel 2007 XML Template",
    "xlsm": "Calc MS Excel 2007 VBA XML",
    "xltm": "Calc MS Excel 2007 XML Template",
    "xlsb": "Calc MS Excel 2007 Binary",
    "ods": "calc8",
}
#: What a new profile says: no macro runs, nothing that a document names is fetched, links stay as they are.
CHOICES: Mapping[str, Mapping[str, str]] = {
    "org.openoffice.Office.Common/Security/Scripting": {
        "DisableMacrosExecution": "true",
        "MacroSecurityLevel": "3",
        "BlockUntrustedRefererLinks": "true",
        "DisableActiveContent": "true",
    },
    "org.openoffice.Office.Writer/Content/Update": {"Link": "0"},
    "org.openoffice.Office.Calc/Content/Update": {"Link": "2"},
}


@dataclass(frozen=True, slots=True)
class Converted:
    """A PDF that the program made."""

    path: Path
    #: The exact command line, sandbox apart.
    command: tuple[str, ...]
    tools: Mapping[str, str]


class Office:
    """The office program of this machine."""

    def __init__(
        self,
        kind: SandboxKind | None = None,
        path: str = ENVIRONMENT["PATH"],
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        """`path` is where programs are; `timeout_seconds` the most one document may take."""
        self._kind = kind or detect()
        self._path = path
        self._timeout_seconds = timeout_seconds
        self._turn = asyncio.Lock()
        self._version = ""

    @property
    def missing(self) -> str | None:
        """Why nothing can be converted here, in plain words; `None` when it can."""
        if shutil.which(PROGRAM, path=self._path) is None:
            return f"the program that reads office files ({PROGRAM}) is not installed"
        if self._kind is not SandboxKind.BWRAP:
            return "office files are not opened where they cannot be kept apart"
        return None

    async def convert(self, source: Path, folder: Path, type_name: str) -> Converted:
        """Make a PDF of `source` in the private `folder`; waits for its turn.

        Raises `NoSpace`, and `Undrawable` where the program or its understanding is missing, or it takes too
        much: neither is the evidence's fault.
        """
        program = shutil.which(PROGRAM, path=self._path)
        if program is None or self.missing:
            raise Undrawable(NoPicture.TOOL, str(self.missing))
        _write_settings(folder)
        room = Room(self._kind, source, folder, _programs(Path(program)))
        argv = build_command(program, str(room.source_inside), str(room.folder_inside), READERS[type_name])
        try:
            async with self._turn:
                self._version = self._version or await _ask_version(program, room)
                await _run(argv, room, self._timeout_seconds)
            made = _find_made(folder, room)
        except Undrawable as error:
            if shutil.disk_usage(folder).free < LEAST_FREE_BYTES:
                raise NoSpace("the disk for scratch files is full") from error
            raise
        return Converted(made, tuple(argv), {"LibreOffice": self._version})


def build_command(program: str, source: str, folder: str, reader: str) -> list[str]:
    """Return LibreOffice's arguments."""
    return [
        program, f"-env:UserInstallation=file://{folder}/{PROFILE}", "--headless", "--norestore", "--nologo",
        "--nodefault", "--nolockcheck", f"--infilter={reader}", "--convert-to", "pdf",
        "--outdir", folder, source,
    ]  # fmt: skip


def format_settings() -> str:
    """Return the profile's settings as LibreOffice stores them (registrymodifications.xcu)."""
    items = "".join(
        f'<item oor:path="/{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
        for path, values in CHOICES.items()
        for name, value in values.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<oor:items xmlns:oor="http://openoffice.org/2001/registry">{items}</oor:items>'
    )


async def _ask_version(program: str, room: Room) -> str:
    finished = await _run([program, "--version"], room, VERSION_SECONDS)
    return finished.stdout.decode(errors="replace").strip()


async def _run(argv: list[str], room: Room, timeout_seconds: float) -> Finished:
    try:
        return await run(wrap(argv, room, LIMITS), timeout_seconds=timeout_seconds)
    except (ToolTimeout, ChildDied) as error:
        raise Undrawable(NoPicture.TOO_MUCH, "it takes too long or too much memory to show") from error
    except (ToolFailed, OutputTooLarge) as error:
        raise Undrawable(NoPicture.VARIANT, UNKNOWN) from error


def _programs(program: Path) -> tuple[Path, ...]:
    home = program.resolve().parent.parent
    return tuple(path for path in (home, SYSTEM_SETTINGS) if path.is_dir())


def _write_settings(folder: Path) -> None:
    place = folder / SETTINGS
    place.parent.mkdir(parents=True)
    place.write_text(format_settings())


def _find_made(folder: Path, room: Room) -> Path:
    """Return the PDF; whatever else the program left is never looked at."""
    made = folder / f"{Path(str(room.source_inside)).stem}.pdf"
    if not made.is_symlink() and made.is_file():
        return made
    raise Undrawable(NoPicture.VARIANT, UNKNOWN)
