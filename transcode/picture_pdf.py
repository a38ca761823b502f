"""PDFs whose pages are pictures and nothing else: no text, script, link or word about their making."""

import io
from pathlib import Path

import pypdfium2


class PicturePdf:
    """Grows page by page in memory, and is saved once."""

    def __init__(self) -> None:
        self._document = pypdfium2.PdfDocument.new()

    def __len__(self) -> int:
        return len(self._document)

    def add(self, size: tuple[float, float], jpeg: bytes) -> None:
        """Append a page of the size, in points, that the picture fills."""
        page = self._document.new_page(*size)
        image = pypdfium2.PdfImage.new(self._document)
        image.load_jpeg(io.BytesIO(jpeg), inline=True)
        image.set_matrix(pypdfium2.PdfMatrix().scale(*size))
        page.insert_obj(image)
        page.gen_content()
        page.close()

    def save(self, path: Path) -> None:
        """Write it all."""
        self._document.save(path)
