"""Windows metafiles drawn as PNG by libwmf, a program that need not be installed."""

import shutil
from pathlib import Path

from transcode.arguments import tool_limits
from transcode.errors import SourceDamaged, ToolFailed
from transcode.process import run
from transcode.sandbox import ENVIRONMENT, Room, SandboxKind, detect, wrap
from transcode.scratch import check_regular
from transcode.undrawn import NoPicture, Undrawable

PROGRAM = "wmf2gd"
TIMEOUT_SECONDS = 60.0
NAME = "metafile.png"
#: What libwmf says when the fonts it wants are not installed (Debian: fonts-urw-base35).
NO_FONT = "failed to load *any* font"
#: What it says of a file that ends too early.
CUT_OFF = "unexpected eof"


async def draw_metafile(
    source: Path, folder: Path, edge: int, *, kind: SandboxKind | None = None, path: str = ENVIRONMENT["PATH"]
) -> Path:
    """Draw it into the private `folder`, its longer edge `edge` pixels. `path` is where programs are.

    Raises `SourceDamaged`, `ToolError`, and `Undrawable` where the program, its fonts or its understanding
    are missing.
    """
    program = shutil.which(PROGRAM, path=path)
    if program is None:
        raise Undrawable(NoPicture.TOOL, f"the program that draws metafiles ({PROGRAM}) is not installed")
    room = Room(kind or detect(), source, folder, (Path(program),))
    argv = build_command(program, str(room.source_inside), f"{room.folder_inside}/{NAME}", edge)
    try:
        await run(wrap(argv, room, tool_limits(TIMEOUT_SECONDS)), timeout_seconds=TIMEOUT_SECONDS)
    except ToolFailed as error:
        raise _meaning(error) from error
    check_regular(folder)
    if not (folder / NAME).exists():
        raise Undrawable(NoPicture.VARIANT, "nothing could be drawn from it")
    return folder / NAME


def build_command(program: str, source: str, target: str, edge: int) -> list[str]:
    """Return wmf2gd's arguments."""
    return [
        program, "--maxpect", f"--maxwidth={edge}", f"--maxheight={edge}", "-t", "png", "-o", target, source,
    ]  # fmt: skip


def _meaning(error: ToolFailed) -> Exception:
    """Return what the program's complaint means; what it does not explain is not the evidence's fault."""
    said = error.stderr_tail.lower()
    if NO_FONT in said:
        return Undrawable(NoPicture.TOOL, "the fonts that metafiles are drawn with are not installed")
    if CUT_OFF in said:
        return SourceDamaged("the picture ends too early")
    return Undrawable(NoPicture.VARIANT, "the program that draws metafiles does not understand it")
