import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from tests.transcode.pictures import corners, near, shows_corners
from transcode.children import ChildPool, open_children
from transcode.errors import SourceDamaged, SourceRefused

SECRET = "nobody-should-read-this"


@pytest.fixture
async def pool(tmp_path: Path) -> AsyncIterator[ChildPool]:
    async with open_children(("transcode.document",), 1, tmp_path / "scratch") as opened:
        yield opened


def pdf(path: Path, *sizes: tuple[float, float], **options: object) -> Path:
    with pikepdf.new() as document:
        for size in sizes:
            document.add_blank_page(page_size=size)
        document.save(path, **options)
    return path


ARGUMENTS = {
    "thumbnail_edge": 100,
    "page_edge": 800,
    "most_pages": 20,
    "most_seconds": 30,
    "jpeg_quality": 82,
}


async def render(pool: ChildPool, path: Path, **arguments: object) -> tuple[dict[str, Any], bytes]:
    """Return the reply and the reading copy."""
    call = pool.call("transcode.document:render", ARGUMENTS | arguments, input=path, timeout_seconds=30)
    async with call as result:
        for picture in result.value["pictures"].values():
            with Image.open(result.folder / picture["file"]) as image:
                assert image.size == (picture["width"], picture["height"])
        return result.value, result.file(result.value["file"]).read_bytes()


async def test_the_first_page_is_drawn_and_pages_are_counted(pool, tmp_path):
    found, _ = await render(pool, pdf(tmp_path / "a.pdf", (595, 842), (100, 100), (100, 100)))
    assert found["pages"] == 3
    sizes = {name: (made["width"], made["height"]) for name, made in found["pictures"].items()}
    assert sizes == {"thumbnail": (71, 100), "image": (566, 800)}


async def test_a_huge_page_is_drawn_no_larger(pool, tmp_path):
    found, _ = await render(pool, pdf(tmp_path / "a.pdf", (14_400, 7_200)))
    assert (found["pictures"]["image"]["width"], found["pictures"]["image"]["height"]) == (800, 400)


async def test_the_reading_copy_has_the_pages_in_their_sizes(pool, tmp_path):
    found, copy = await render(pool, pdf(tmp_path / "a.pdf", (595, 842), (842, 595), (100, 50)))
    assert found["pages_shown"] == 3
    with pikepdf.open(io.BytesIO(copy)) as document:
        boxes = [[round(float(edge)) for edge in page.mediabox] for page in document.pages]
    assert boxes == [[0, 0, 595, 842], [0, 0, 842, 595], [0, 0, 100, 50]]


async def test_the_reading_copy_shows_what_the_page_shows(pool, tmp_path):
    corners().save(tmp_path / "a.pdf", resolution=72)
    _, copy = await render(pool, tmp_path / "a.pdf")
    shown = pypdfium2.PdfDocument(copy)[0].render(scale=1).to_pil()
    assert shows_corners(shown)


async def test_a_turned_page_is_upright(pool, tmp_path):
    corners().transpose(Image.Transpose.ROTATE_90).save(tmp_path / "a.pdf", resolution=72)
    with pikepdf.open(tmp_path / "a.pdf", allow_overwriting_input=True) as document:
        document.pages[0].Rotate = 90
        document.save(tmp_path / "a.pdf")
    _, copy = await render(pool, tmp_path / "a.pdf")
    assert shows_corners(pypdfium2.PdfDocument(copy)[0].render(scale=1).to_pil())


async def test_nothing_but_pictures_is_in_the_reading_copy(pool, tmp_path):
    path = pdf(tmp_path / "a.pdf", (300, 300))
    with pikepdf.open(path, allow_overwriting_input=True) as document:
        document.docinfo["/Author"] = SECRET
        document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=SECRET)
        document.Root.Names = pikepdf.Dictionary(Secret=SECRET)
        document.attachments["a.txt"] = SECRET.encode()
        link = pikepdf.Dictionary(S=pikepdf.Name.URI, URI=f"https://{SECRET}/")
        document.pages[0].Annots = document.make_indirect(
            [
                pikepdf.Dictionary(
                    Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 9, 9], A=link
                )
            ]
        )
        document.save(path, compress_streams=False)
    _, copy = await render(pool, path)
    assert SECRET.encode() not in copy
    with pikepdf.open(io.BytesIO(copy)) as document:
        assert set(document.Root.keys()) <= {"/Type", "/Pages"}
        assert set(document.docinfo.keys()) <= {"/Producer", "/Creator", "/CreationDate"}
        page = document.pages[0]
        assert set(page.keys()) <= {
            "/Type",
            "/Parent",
            "/MediaBox",
            "/CropBox",
            "/Rotate",
            "/Resources",
            "/Contents",
        }
        assert [image.Filter for image in page.get_images().values()] == ["/DCTDecode"]


async def test_what_was_filled_into_a_form_is_shown(pool, tmp_path):
    path = pdf(tmp_path / "a.pdf", (200, 100))
    with pikepdf.open(path, allow_overwriting_input=True) as document:
        look = document.make_stream(b"1 0 0 rg 0 0 100 100 re f")
        look.update({"/Type": pikepdf.Name.XObject, "/Subtype": pikepdf.Name.Form, "/BBox": [0, 0, 100, 100]})
        field = document.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot,
                Subtype=pikepdf.Name.Widget,
                FT=pikepdf.Name.Tx,
                T="answer",
                V="42",
                F=4,
                Rect=[0, 0, 100, 100],
                AP=pikepdf.Dictionary(N=look),
            )
        )
        document.pages[0].Annots = document.make_indirect([field])
        document.Root.AcroForm = pikepdf.Dictionary(Fields=[field])
        document.save(path)
    _, copy = await render(pool, path)
    shown = pypdfium2.PdfDocument(copy)[0].render(scale=1).to_pil()
    assert [near(shown.getpixel((x, 50)), (254, 0, 0)) for x in (50, 150)] == [True, False]


async def test_no_more_pages_are_shown_than_agreed(pool, tmp_path):
    found, copy = await render(pool, pdf(tmp_path / "a.pdf", *[(99, 99)] * 9), most_pages=4)
    assert (found["pages"], found["pages_shown"]) == (9, 4)
    assert len(pypdfium2.PdfDocument(copy)) == 4


async def test_when_the_time_is_over_one_page_is_shown(pool, tmp_path):
    found, _ = await render(pool, pdf(tmp_path / "a.pdf", *[(99, 99)] * 9), most_seconds=0)
    assert (found["pages"], found["pages_shown"]) == (9, 1)


async def test_a_locked_document_is_refused(pool, tmp_path):
    locked = pikepdf.Encryption(owner="o", user="u")
    with pytest.raises(SourceRefused, match="password"):
        await render(pool, pdf(tmp_path / "a.pdf", (100, 100), encryption=locked))


@pytest.mark.parametrize("content", [b"", b"no document", b"%PDF-1.7\n%%EOF"])
async def test_what_is_no_document_is_damaged(pool, tmp_path, content):
    (tmp_path / "a.pdf").write_bytes(content)
    with pytest.raises(SourceDamaged):
        await render(pool, tmp_path / "a.pdf")


async def test_a_document_without_pages_is_damaged(pool, tmp_path):
    with pytest.raises(SourceDamaged):
        await render(pool, pdf(tmp_path / "a.pdf"))
