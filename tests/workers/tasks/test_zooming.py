"""Which pictures get a pyramid of tiles, and what becomes of evidence whose pyramid cannot be made."""

import zipfile
from dataclasses import replace

import pytest
from PIL import Image

from config.profiles import load_profiles
from storage.evidence import Evidence, rendition_key
from storage.states import EvidenceState
from tests.services.disk import small_disk
from tests.transcode.pictures import corners, stored
from tests.workers.tasks.conftest import Workplace
from tests.workers.tasks.staging import run_thumbnail
from transcode import zoom
from transcode.children import open_children
from workers.errors import Postpone
from workers.tasks import zooming

LARGE = load_profiles().pictures.zoom_edge
USUAL = {"thumbnail", "image"}


def kinds(evidence: Evidence) -> set[str]:
    return {str(rendition.kind) for rendition in evidence.renditions}


async def test_a_large_picture_is_also_a_pyramid(studio: Workplace) -> None:
    said = Image.Exif()
    said[0x0112] = 6
    data = stored(corners(LARGE, 600), "jpeg", exif=said)
    after = await run_thumbnail(studio, data, "jpeg")
    assert (after.state, kinds(after)) == (EvidenceState.READY, USUAL | {"deep_zoom"})
    made = after.renditions[-1]
    assert (made.width, made.height, made.media_type) == (600, LARGE, "application/zip")
    assert (made.command[0], made.source_sha256) == ("transcode.zoom:render", after.sha256 or "")
    async with studio.context.blobs.open_local(rendition_key(after.id, made.id), made.sha256) as path:
        assert path.stat().st_size == made.size_bytes
        with zipfile.ZipFile(path) as pyramid:
            assert pyramid.testzip() is None
            assert "image_files/13/1_9.jpeg" in pyramid.namelist()


async def test_one_that_is_not_large_or_is_several_has_none(studio: Workplace) -> None:
    strip = corners(LARGE, 20)
    for name, data in (
        ("png", stored(corners(LARGE - 1, 20), "png")),
        ("tiff", stored(strip, "tiff", save_all=True, append_images=[corners()])),
        ("gif", stored(strip, "gif", save_all=True, append_images=[strip.rotate(180)])),
    ):
        after = await run_thumbnail(studio, data, name)
        assert after.state is EvidenceState.READY
        assert kinds(after) >= USUAL
        assert "deep_zoom" not in kinds(after)
        assert "aids" not in after.facts


async def test_one_that_cannot_be_cut_is_ready_with_the_rest_and_says_why(
    studio: Workplace,
) -> None:
    width = zoom.MOST_TILES * load_profiles().pictures.zoom_tile_edge + 1
    data = stored(Image.new("1", (width, 2)), "png")
    after = await run_thumbnail(studio, data, "png")
    assert (after.state, kinds(after)) == (EvidenceState.READY, USUAL)
    assert after.facts["aids"] == f"not made: it would take more than {zoom.MOST_TILES} tiles"


async def test_one_that_takes_too_long_is_ready_with_the_rest_and_says_why(
    studio: Workplace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(zooming, "_SECONDS", 0.0)
    after = await run_thumbnail(studio, stored(corners(LARGE, 20), "png"), "png")
    assert (after.state, kinds(after)) == (EvidenceState.READY, USUAL)
    assert after.facts["aids"].startswith("not made: ")


async def test_a_full_disk_is_no_reason_to_go_without(workplace: Workplace) -> None:
    data = stored(Image.effect_noise((LARGE, 1800), 60).convert("RGB"), "jpeg", quality=10)
    with small_disk(6 << 20) as disk:
        if not disk.mounted:
            pytest.skip("needs a disk of its own")
        async with open_children(("transcode.image",), 1, disk.folder) as children:
            workplace.context = replace(workplace.context, children=children)
            with pytest.raises(Postpone):
                await run_thumbnail(workplace, data, "jpeg")
