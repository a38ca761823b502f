from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from PIL import Image

from tests.transcode.pictures import BLUE, GREEN, RED, corners, near, shows_corners
from transcode import scan
from transcode.errors import SourceDamaged, SourceRefused

ARGUMENTS = {
    "page_edge": 400,
    "most_pages": 20,
    "most_seconds": 30,
    "max_pixels": 1_000_000,
    "jpeg_quality": 90,
}


def tiff(path: Path, *pages: Image.Image, **options: object) -> Path:
    pages[0].save(path, format="TIFF", save_all=True, append_images=pages[1:], **options)
    return path


def copy_of(path: Path, **arguments: object) -> tuple[dict[str, Any], list[Image.Image]]:
    """Return the reply, and the pages of the copy as a reader's program shows them."""
    folder = path.with_name("made")
    folder.mkdir()
    reply = scan.render(path, folder, **ARGUMENTS | arguments)
    with pypdfium2.PdfDocument(folder / reply["file"]) as document:
        return reply, [page.render(scale=0.5).to_pil().convert("RGB") for page in document]


def test_every_page_is_shown_in_order(tmp_path: Path) -> None:
    colours = (RED, GREEN, BLUE)
    pages = [Image.new("RGB", (300, 200), colour) for colour in colours]
    reply, shown = copy_of(tiff(tmp_path / "a", *pages))
    assert (reply["pages"], reply["pages_shown"]) == (3, 3)
    assert all(near(page.getpixel((99, 99)), colour) for page, colour in zip(shown, colours, strict=True))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK"])
def test_pages_of_every_kind_are_shown(tmp_path: Path, mode: str) -> None:
    page = corners(600, 300).convert(mode)
    _, shown = copy_of(tiff(tmp_path / "a", page, page))
    assert [page.size for page in shown] == [(421, 211), (421, 211)]
    assert near(shown[1].getpixel((400, 200)), (255, 255, 255))


def test_a_page_on_its_side_is_upright(tmp_path: Path) -> None:
    page = corners().transpose(Image.Transpose.ROTATE_90)
    _, shown = copy_of(tiff(tmp_path / "a", page, page, tiffinfo={274: 6}))
    assert shows_corners(shown[0])


def test_no_more_pages_are_shown_than_agreed(tmp_path: Path) -> None:
    path = tiff(tmp_path / "a", *[Image.new("1", (9, 9))] * 9)
    reply, shown = copy_of(path, most_pages=4)
    assert (reply["pages"], reply["pages_shown"], len(shown)) == (9, 4, 4)


def test_when_the_time_is_over_one_page_is_shown(tmp_path: Path) -> None:
    reply, _ = copy_of(tiff(tmp_path / "a", *[Image.new("1", (9, 9))] * 9), most_seconds=0)
    assert (reply["pages"], reply["pages_shown"]) == (9, 1)


def test_a_later_page_of_too_many_pixels_is_refused(tmp_path: Path) -> None:
    path = tiff(tmp_path / "a", Image.new("1", (9, 9)), Image.new("1", (2000, 2000)))
    with pytest.raises(SourceRefused):
        copy_of(path)


def test_a_scan_cut_short_is_damaged(tmp_path: Path) -> None:
    path = tiff(tmp_path / "a", *[Image.effect_noise((200, 200), 90)] * 3)
    path.write_bytes(path.read_bytes()[:-30_000])
    with pytest.raises(SourceDamaged):
        copy_of(path)


def test_nothing_that_was_said_beside_the_pixels_is_kept(tmp_path: Path) -> None:
    page = corners()
    copy_of(tiff(tmp_path / "a", page, page, tiffinfo={270: "Maria Muster", 315: "Maria Muster"}))
    assert b"Maria" in (tmp_path / "a").read_bytes()
    assert b"Maria" not in (tmp_path / "made" / "document.pdf").read_bytes()
