"""The first page of a PDF as a picture. Runs inside a sandboxed Python child."""

from pathlib import Path
from typing import Any

import pypdfium2

from transcode.errors import SourceDamaged, SourceRefused

NAME = "page-1.jpg"
#: What PDFium says of a file that needs a password.
LOCKED = "password"


def render(input_path: Path, folder: Path, *, edge: int, jpeg_quality: int) -> dict[str, Any]:
    """Draw page 1 into `page-1.jpg`, its longer edge `edge` pixels.

    Returns `pages`, `file`, `media_type`, `width`, `height` and `tools`. Raises `SourceRefused` when a
    password is needed and `SourceDamaged` when PDFium cannot read the file.
    """
    try:
        document = pypdfium2.PdfDocument(input_path)
        pages = len(document)
        picture = _draw(document[0], edge)
    except (pypdfium2.PdfiumError, IndexError) as error:
        if LOCKED in str(error).lower():
            raise SourceRefused("it is protected by a password") from error
        raise SourceDamaged(f"the document cannot be read: {error}") from error
    picture.save(folder / NAME, quality=jpeg_quality, optimize=True)
    return {
        "pages": pages,
        "file": NAME,
        "media_type": "image/jpeg",
        "width": picture.width,
        "height": picture.height,
        "tools": {"pdfium": str(pypdfium2.PDFIUM_INFO), "pypdfium2": str(pypdfium2.PYPDFIUM_INFO)},
    }


def _draw(page: Any, edge: int) -> Any:  # noqa: ANN401 - pypdfium2 is untyped
    longest = max(page.get_size())
    if longest <= 0:
        raise SourceDamaged("its first page has no size")
    return page.render(scale=edge / longest).to_pil().convert("RGB")
