"""Written work: a PDF of two pages and a text file."""

from pathlib import Path

import pikepdf

ESSAY = (
    "Draft of my essay on the river Exe.\n\nIt rises on Exmoor; the café at its mouth sells crêpes.\n" * 20
)


def make_pdf(path: Path, *, pages: int = 2) -> Path:
    """Write an A4 document with a line of text on each page."""
    with pikepdf.new() as document:
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
        )
        for number in range(1, pages + 1):
            page = document.add_blank_page(page_size=(595, 842))
            page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
            words = f"BT /F1 24 Tf 72 740 Td (Portfolio, page {number}) Tj ET"
            page.Contents = document.make_stream(words.encode("ascii"))
        document.save(path, deterministic_id=True)
    return path


def make_text(path: Path) -> Path:
    """Write a short essay in UTF-8."""
    path.write_text(ESSAY, encoding="utf-8")
    return path
