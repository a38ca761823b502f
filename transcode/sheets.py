"""Workbooks as a list of their sheets, with what stands at the top of each. Runs inside a sandboxed child."""

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    SheetVisibleEnum,
    WorksheetNotFound,
)

from transcode.plain import save_text
from transcode.undrawn import NoPicture, Undrawable

#: What is shown of each sheet, and how many sheets.
MOST_ROWS = 200
MOST_COLUMNS = 50
MOST_SHEETS = 100


def render(input_path: Path, folder: Path, *, most_bytes: int) -> dict[str, Any]:
    """Write the list as plain text: values as they were saved, no formula is computed.

    Returns what `save_text` does; `facts` count the `sheets`, or say why there is no list.
    """
    try:
        with input_path.open("rb") as file, CalamineWorkbook.from_filelike(file) as book:
            count = len(book.sheet_names)
            saved = save_text(
                "\n".join(_lines(book)), folder, most_bytes=most_bytes, more=count > MOST_SHEETS
            )
    except (CalamineError, ValueError) as error:
        return {"facts": Undrawable(NoPicture.VARIANT, f"the workbook cannot be read here: {error}").facts()}
    return {
        **saved,
        "facts": {**saved["facts"], "sheets": count},
        "tools": {"calamine": version("python-calamine")},
    }


def _lines(book: CalamineWorkbook) -> Iterator[str]:
    """Give the list's lines; a sheet that is hidden says so."""
    for number, sheet in enumerate(book.sheets_metadata[:MOST_SHEETS], start=1):
        hidden = "" if sheet.visible is SheetVisibleEnum.Visible else ", hidden"
        try:
            content = book.get_sheet_by_name(sheet.name)
        except WorksheetNotFound:
            yield f"Sheet {number}: {sheet.name} (no cells{hidden})\n"
            continue
        yield f"Sheet {number}: {sheet.name} ({_size(content)}{hidden})"
        yield from (format_row(row) for row in islice(content.iter_rows(), MOST_ROWS))
        yield ""


def _size(sheet: CalamineSheet) -> str:
    """Return how far the sheet's cells reach from its first."""
    if sheet.end is None:
        return "empty"
    rows, columns = sheet.end[0] + 1, sheet.end[1] + 1
    return f"{rows} row{'s' * (rows != 1)}, {columns} column{'s' * (columns != 1)}"


def format_row(cells: Sequence[object]) -> str:
    """Return a line with tabs between cells; a cell's own line ends and tabs become spaces."""
    return "\t".join(" ".join(str(cell).split()) for cell in cells[:MOST_COLUMNS]).rstrip()
