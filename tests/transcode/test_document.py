from collections.abc import AsyncIterator
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from transcode.children import ChildPool, open_children
from transcode.errors import SourceDamaged, SourceRefused


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


async def render(pool: ChildPool, path: Path):
    arguments = {"edge": 800, "jpeg_quality": 82}
    async with pool.call("transcode.document:render", arguments, input=path, timeout_seconds=30) as result:
        with Image.open(result.folder / result.value["file"]) as image:
            assert image.size == (result.value["width"], result.value["height"])
        return result.value


async def test_the_first_page_is_drawn_and_pages_are_counted(pool, tmp_path):
    found = await render(pool, pdf(tmp_path / "a.pdf", (595, 842), (100, 100), (100, 100)))
    assert found["pages"] == 3
    assert (found["width"], found["height"]) == (566, 800)


async def test_a_huge_page_is_drawn_no_larger(pool, tmp_path):
    found = await render(pool, pdf(tmp_path / "a.pdf", (14_400, 7_200)))
    assert (found["width"], found["height"]) == (800, 400)


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
