"""What the demo shows: a progress line for each file, then a table."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.demo.journey import Journey, Watch

_COLOURS = {"ready": "green", "infected": "red", "rejected": "yellow", "held": "yellow"}


def make_progress(console: Console) -> Progress:
    """Return the live display: a line a file."""
    return Progress(
        TextColumn("{task.description:<16}"), BarColumn(30), TextColumn("{task.percentage:>4.0f} %"),
        TimeElapsedColumn(), TextColumn("{task.fields[doing]}"), console=console,
    )  # fmt: skip


def watch_on(progress: Progress, line: TaskID) -> Watch:
    """Return a watch that moves one file's line."""

    def watch(doing: str, share: float) -> None:
        progress.update(line, completed=100 * share, doing=escape(doing))

    return watch


def make_table(journeys: Sequence[Journey], wrong: Mapping[str, Sequence[str]], folder: Path) -> Table:
    """Return the closing table."""
    table = Table(title="How every file ended", show_lines=True)
    for heading in (
        "file",
        "state",
        "reason",
        "size before",
        "size after",
        "seconds",
        "where the renditions lie",
    ):
        table.add_column(
            heading, overflow="fold", justify="right" if heading in {"seconds", "size before"} else "left"
        )
    for journey in journeys:
        table.add_row(*_cells(journey, wrong[journey.name], folder))
    return table


def _cells(journey: Journey, wrong: Sequence[str], folder: Path) -> tuple[str, ...]:
    found = journey.evidence
    state, rows = found["state"], found["renditions"]
    reason = [found["reason"] or "", *(f"[red]WRONG: {escape(line)}[/red]" for line in wrong)]
    if journey.resumed_at_bytes:
        reason.append(f"cut off half-way, resumed at {human(journey.resumed_at_bytes)}")
    places = [row["url"] for row in rows] + ([str(folder / journey.name)] if rows else [])
    return (
        journey.name,
        f"[{_COLOURS.get(state, 'white')}]{state}[/]",
        "\n".join(line for line in reason if line),
        human(found["size_bytes"]),
        "\n".join(f"{row['kind']} {human(row['size_bytes'])}" for row in rows),
        f"{journey.seconds:.1f}",
        "\n".join(places),
    )


def human(size_bytes: int) -> str:
    """Format a size for people."""
    size, units = float(size_bytes), ["B", "kB", "MB", "GB"]
    while size >= 1000 and len(units) > 1:
        size, units = size / 1000, units[1:]
    return f"{size:.0f} {units[0]}" if units[0] == "B" else f"{size:.1f} {units[0]}"
