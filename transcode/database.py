"""Access databases as a list of their tables, by mdbtools: programs that need not be installed."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from transcode.errors import ChildDied, OutputTooLarge, ToolFailed, ToolTimeout
from transcode.process import run
from transcode.sandbox import ENVIRONMENT, Limits, Room, SandboxKind, detect, wrap
from transcode.undrawn import NoPicture, Undrawable

TABLES, SCHEMA, COUNT = "mdb-tables", "mdb-schema", "mdb-count"
TIMEOUT_SECONDS = 20.0
LIMITS = Limits(address_space_bytes=1 << 30, cpu_seconds=20, file_size_bytes=1 << 20)
MOST_TABLES = 100
#: How mdbtools begins its remarks.
REMARK = "--"
UNKNOWN = "an unknown number of"


async def list_tables(
    source: Path, *, kind: SandboxKind | None = None, path: str = ENVIRONMENT["PATH"]
) -> tuple[str, int]:
    """Return the tables with their columns and numbers of rows, as plain text, and how many there are.

    `path` is where programs are. Raises `Undrawable` where they or their understanding are missing.
    """
    room = Room(kind or detect(), source)
    try:
        names = [name for name in (await _ask(room, path, TABLES, "-1")).splitlines() if name]
        counts = {name: await _count(room, path, name) for name in names[:MOST_TABLES]}
        schema = await _ask(room, path, SCHEMA, "--no-indexes", "--no-relations")
    except (ToolTimeout, ChildDied, OutputTooLarge) as error:
        raise Undrawable(NoPicture.TOO_MUCH, "it takes too long or too much memory to list") from error
    except ToolFailed as error:
        words = "the programs that list databases do not understand it"
        raise Undrawable(NoPicture.VARIANT, words) from error
    return format_tables(counts, schema, left_out=len(names) - len(counts)), len(names)


def format_tables(counts: Mapping[str, str], schema: str, *, left_out: int) -> str:
    """Return a line for each table, then the columns of all as mdbtools describes them."""
    lines = [f"Table {number}: {name} ({rows} rows)" for number, (name, rows) in enumerate(counts.items(), 1)]
    more = [f"and {left_out} more"] if left_out else []
    columns = [line.replace("\t", " ") for line in schema.splitlines() if not line.startswith(REMARK)]
    return "\n".join([*lines, *more, "", "\n".join(columns).strip()]) + "\n"


async def _count(room: Room, path: str, name: str) -> str:
    """Return the number of a table's rows; a table that cannot be counted is listed all the same."""
    try:
        return (await _ask(room, path, COUNT, after=(name,))).strip()
    except ToolFailed:
        return UNKNOWN


async def _ask(room: Room, path: str, program: str, *options: str, after: tuple[str, ...] = ()) -> str:
    found = shutil.which(program, path=path)
    if found is None:
        raise Undrawable(NoPicture.TOOL, f"the programs that list databases ({program}) are not installed")
    argv = [found, *options, "--", str(room.source_inside), *after]
    finished = await run(wrap(argv, room, LIMITS), timeout_seconds=TIMEOUT_SECONDS)
    return finished.stdout.decode(errors="replace")
