"""Numbers as people read them: medians, spans, and tables that are Markdown and legible as they are."""

from collections.abc import Sequence
from statistics import median

__all__ = ["Row", "format_span", "format_table", "judged", "median"]

Row = Sequence[str]


def format_span(values: Sequence[float], digits: int) -> str:
    """Return the smallest and the largest value."""
    return f"{min(values):.{digits}f} - {max(values):.{digits}f}"


def judged(value: float, limit: float) -> str:
    """Return the target, and whether the value meets it."""
    return f"at most {limit:g}: {'met' if value <= limit else 'missed'}"


def format_table(headings: Row, rows: Sequence[Row]) -> str:
    """Return an aligned Markdown table; the first column is text, the others are numbers."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(_line(row, widths) for row in (headings, rule, *rows)) + "\n"


def _line(row: Row, widths: Sequence[int]) -> str:
    first, *rest = zip(row, widths, strict=True)
    cells = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)]
    return f"| {' | '.join(cells)} |"
