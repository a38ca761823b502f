"""Programs that a machine can do without, and which of them it lacks."""

import shutil
from collections.abc import Mapping

from transcode import database, metafile, office
from transcode.sandbox import ENVIRONMENT, SandboxKind, detect

#: The programs of each tool. Without them what they would show is `ready` without pictures.
PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "libreoffice": (office.PROGRAM,),
    "libwmf": (metafile.PROGRAM,),
    "mdbtools": (database.TABLES, database.SCHEMA, database.COUNT),
}
#: What keeps children apart; without it they have limits only, and office files are not opened.
SANDBOX = "bubblewrap"


def lacking(kind: SandboxKind | None = None, path: str = ENVIRONMENT["PATH"]) -> tuple[str, ...]:
    """Return the tools that cannot be used here, sorted. `path` is where programs are."""
    missing = [
        tool
        for tool, programs in PROGRAMS.items()
        if any(shutil.which(program, path=path) is None for program in programs)
    ]
    return tuple(sorted([*missing, SANDBOX] if (kind or detect()) is not SandboxKind.BWRAP else missing))
