"""PDF as pictures, which nothing hides in: page 1, and a reading copy. Runs inside a sandboxed Python child.

The reading copy is a PDF of nothing but pictures of the pages: no script, link, form, attachment, layer or
metadata of the source is in it.
"""

import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2
from PIL import Image

from transcode.errors import SourceDamaged, SourceRefused
from transcode.picture_pdf import PicturePdf

COPY = "document.pdf"
#: What PDFium says of a file that needs a password.
LOCKED = "password"


def render(
    input_path: Path,
    folder: Path,
    *,
    thumbnail_edge: int,
    page_edge: int,
    most_pages: int,
    most_seconds: float,
    jpeg_quality: int,
) -> dict[str, Any]:
    """Draw page 1 in two sizes (longer edges in pixels) and a copy of the first pages.

    The copy ends after `most_pages`, or with the page that is being drawn after `most_seconds`. Returns
    `pages`, `pages_shown`, `pictures` by name (`file`, `media_type`, `width`, `height`), `file` and `tools`.
    Raises `SourceRefused` when a password is needed and `SourceDamaged` when PDFium cannot read the file.
    """
    until = time.monotonic() + most_seconds
    copy = PicturePdf()
    pictures: dict[str, Any] = {}
    try:
        document = pypdfium2.PdfDocument(input_path)
        document.init_forms()  # or what was filled in is not drawn
        for shown, drawn in enumerate(_draw_all(document, page_edge, most_pages, until), start=1):
            page, picture = drawn
            copy.add(page.get_size(), _jpeg(picture, jpeg_quality))
            if shown == 1:
                pictures["image"] = _save(picture, folder / "image.jpg", jpeg_quality)
                picture.thumbnail((thumbnail_edge, thumbnail_edge))
                pictures["thumbnail"] = _save(picture, folder / "thumbnail.jpg", jpeg_quality)
    except pypdfium2.PdfiumError as error:
        if LOCKED in str(error).lower():
            raise SourceRefused("it is protected by a password") from error
        raise SourceDamaged(f"the document cannot be read: {error}") from error
    copy.save(folder / COPY)
    return {
        "pages": len(document),
        "pages_shown": len(copy),
        "pictures": pictures,
        "file": COPY,
        "tools": {"pdfium": str(pypdfium2.PDFIUM_INFO), "pypdfium2": str(pypdfium2.PYPDFIUM_INFO)},
    }


def _draw_all(
    document: Any,  # noqa: ANN401 - pypdfium2 is untyped
    edge: int,
    most_pages: int,
    until: float,
) -> Iterator[tuple[Any, Image.Image]]:
    """Give the pages with their pictures, at least the first one; each is freed before the next."""
    if not len(document):
        raise SourceDamaged("it has no pages")
    for number in range(min(len(document), most_pages)):
        if number and time.monotonic() > until:
            return
        page = document[number]
        longest = max(page.get_size())
        if longest <= 0:
            raise SourceDamaged(f"its page {number + 1} has no size")
        bitmap = page.render(scale=edge / longest)
        yield page, bitmap.to_pil().convert("RGB")
        bitmap.close()
        page.close()


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format="JPEG", quality=quality)
    return buffer.getvalue()


def _save(picture: Image.Image, path: Path, quality: int) -> dict[str, Any]:
    path.write_bytes(_jpeg(picture, quality))
    return {
        "file": path.name,
        "media_type": "image/jpeg",
        "width": picture.width,
        "height": picture.height,
    }
