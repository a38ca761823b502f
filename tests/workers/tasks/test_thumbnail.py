"""The thumbnail stage on real bytes: what it publishes, skips with a reason, or holds."""

import shutil

import pytest
from PIL import Image

from config.formats import load_formats
from storage.evidence import rendition_key
from storage.states import EvidenceState, StageName, StageState
from tests.transcode.pictures import corners, psd, stored
from tests.workers.tasks.conftest import Workplace
from tests.workers.tasks.staging import run_thumbnail
from transcode.metafile import PROGRAM
from workers.tasks.thumbnail import MAKERS, picture_arguments

SEQUENCE = b"\0\0\0\x18ftypmsf1\0\0\0\0msf1hevc\0\0\0\x08moov"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("bmp", stored(corners(), "bmp")),
        ("pcx", stored(corners(), "pcx")),
        ("psd", psd(corners())),
        ("tiff", stored(corners(), "tiff")),
    ],
)
async def test_a_picture_gets_a_thumbnail_and_a_review_copy(
    studio: Workplace, name: str, data: bytes
) -> None:
    after = await run_thumbnail(studio, data, name)
    assert after.state is EvidenceState.READY
    made = {rendition.kind: rendition for rendition in after.renditions}
    assert set(made) == {"thumbnail", "image"}
    assert (made["image"].width, made["image"].height, made["image"].media_type) == (400, 200, "image/jpeg")
    assert (after.facts["width"], after.facts["height"]) == (400, 200)
    assert after.facts.get("pages", 1) == 1


async def test_a_scan_of_several_pages_gets_a_copy_of_all(studio: Workplace) -> None:
    data = stored(corners(), "tiff", save_all=True, append_images=[corners()])
    after = await run_thumbnail(studio, data, "tiff")
    made = {rendition.kind: rendition.media_type for rendition in after.renditions}
    assert made == {"thumbnail": "image/jpeg", "image": "image/jpeg", "document": "application/pdf"}
    assert (after.facts["pages"], after.facts["width"]) == (2, 400)


async def test_an_animation_s_review_copy_moves(studio: Workplace) -> None:
    frames = [Image.new("RGB", (90, 60), colour) for colour in ("red", "green", "blue")]
    data = stored(frames[0], "gif", save_all=True, append_images=frames[1:], duration=100)
    after = await run_thumbnail(studio, data, "gif")
    made = {rendition.kind: rendition for rendition in after.renditions}
    assert {kind: rendition.media_type for kind, rendition in made.items()} == {
        "thumbnail": "image/jpeg",
        "image": "image/webp",
    }
    assert after.facts["frames"] == 3
    key = rendition_key(after.id, made["image"].id)
    async with studio.context.blobs.open_local(key, made["image"].sha256) as path:
        with Image.open(path) as image:
            assert image.n_frames == 3


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("heic", SEQUENCE, "sequence_without_still"),
        ("bmp", stored(corners(), "bmp").replace(b"\1\0\x18\0", b"\1\0\2\0", 1), "variant_unknown"),
        ("psd", psd(corners()).replace(b"\0\x08\0\3", b"\0\x10\0\3", 1), "variant_unknown"),
    ],
)
async def test_what_nobody_can_draw_is_ready_without_a_picture_and_says_why(
    studio: Workplace, name: str, data: bytes, code: str
) -> None:
    after = await run_thumbnail(studio, data, name)
    assert (after.state, after.renditions) == (EvidenceState.READY, ())
    assert after.stage(StageName.THUMBNAIL).state is StageState.SKIPPED
    assert after.facts["no_picture"] == code
    assert after.facts["no_picture_reason"]
    assert "width" not in after.facts


async def test_a_metafile_is_ready_with_its_picture_or_with_the_reason(studio: Workplace, corpus) -> None:
    placeable = b"\xd7\xcd\xc6\x9a" + bytes(18) + b"\1\0\t\0\0\3" + bytes(12) + b"\3\0\0\0\0\0"
    data = (corpus / "wmf-1.wmf").read_bytes() if corpus else placeable
    after = await run_thumbnail(studio, data, "wmf")
    if shutil.which(PROGRAM) is None:
        assert after.state is EvidenceState.READY
        assert after.facts["no_picture"] == "tool_missing"
    elif corpus:
        assert {rendition.kind for rendition in after.renditions} == {"thumbnail", "image"}


@pytest.mark.parametrize("name", ["bmp", "psd"])
async def test_a_picture_cut_short_is_held_as_damaged(studio: Workplace, name: str) -> None:
    whole = psd(corners()) if name == "psd" else stored(corners(), name)
    after = await run_thumbnail(studio, whole[: len(whole) // 2], name)
    assert (after.state, after.code) == (EvidenceState.HELD, "held_damaged")


def test_every_type_of_picture_has_somebody_who_draws_it() -> None:
    table = load_formats()
    held = {name for row in table.extensions.values() if "image" in row.groups for name in row.holds}
    assert {name for name in held if table.types[name].kind == "image"} <= set(MAKERS)


def test_review_copies_fit_the_board_s_limit() -> None:
    assert picture_arguments()["max_bytes"] == 15 << 20
