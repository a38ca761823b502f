import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pillow_heif
import pytest
from PIL import Image, ImageCms

from tests.transcode.pictures import ARGUMENTS, BLUE, GREEN, RED, corners, near, png_bomb
from transcode.children import ChildPool, open_children
from transcode.errors import SourceDamaged, SourceRefused


@pytest.fixture
async def pool(tmp_path: Path) -> AsyncIterator[ChildPool]:
    async with open_children(("transcode.image",), 1, tmp_path / "scratch") as opened:
        yield opened


async def render(
    pool: ChildPool, path: Path, **arguments: Any
) -> tuple[dict[str, Any], dict[str, Image.Image]]:
    call = pool.call("transcode.image:render", ARGUMENTS | arguments, input=path, timeout_seconds=60)
    async with call as result:
        pictures = {}
        for name, picture in result.value["pictures"].items():
            with Image.open(result.folder / picture["file"]) as image:
                image.load()
                assert image.size == (picture["width"], picture["height"])
                pictures[name] = image
        return result.value, pictures


#: Where EXIF says the stored picture's first row and column are (Exif 2.32, 4.6.4): how to store it that way.
STORED = {
    1: (),
    2: (Image.Transpose.FLIP_LEFT_RIGHT,),
    3: (Image.Transpose.ROTATE_180,),
    4: (Image.Transpose.FLIP_TOP_BOTTOM,),
    5: (Image.Transpose.TRANSPOSE,),
    6: (Image.Transpose.ROTATE_90,),
    7: (Image.Transpose.TRANSVERSE,),
    8: (Image.Transpose.ROTATE_270,),
}


@pytest.mark.parametrize("orientation", STORED)
async def test_every_exif_orientation_comes_out_upright(pool, tmp_path, orientation):
    image = corners()
    for turn in STORED[orientation]:
        image = image.transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "a camera"
    image.save(tmp_path / "a.jpg", exif=exif, quality=95)
    value, pictures = await render(pool, tmp_path / "a.jpg")
    assert (value["width"], value["height"]) == (400, 200)
    for name, size in (("thumbnail", (320, 160)), ("image", (400, 200))):
        found = pictures[name]
        assert found.size == size
        assert not found.getexif()
        assert near(found.getpixel((20, 20)), RED)
        assert near(found.getpixel((size[0] - 20, 20)), GREEN)
        assert near(found.getpixel((20, size[1] - 20)), BLUE)


@pytest.mark.parametrize(
    ("name", "mode", "media_type"),
    [
        ("a.png", "RGB", "image/jpeg"),
        ("a.png", "P", "image/jpeg"),
        ("a.png", "L", "image/jpeg"),
        ("a.png", "I;16", "image/jpeg"),
        ("a.tif", "RGB", "image/jpeg"),
        ("a.tif", "CMYK", "image/jpeg"),
        ("a.jpg", "CMYK", "image/jpeg"),
        ("a.gif", "P", "image/jpeg"),
        ("a.heic", "RGB", "image/jpeg"),
    ],
)
async def test_every_kind_of_picture_has_previews(pool, tmp_path, name, mode, media_type):
    image = (
        corners().convert("L").convert("I").point(lambda v: v * 256)
        if mode == "I;16"
        else corners().convert(mode)
    )
    path = tmp_path / name
    if path.suffix == ".heic":
        pillow_heif.from_pillow(image).save(path)
    else:
        image.convert("I;16").save(path) if mode == "I;16" else image.save(path)
    value, pictures = await render(pool, path)
    assert value["pictures"]["thumbnail"]["media_type"] == media_type
    assert pictures["thumbnail"].size == (320, 160)
    red, green, blue = pictures["thumbnail"].convert("RGB").getpixel((310, 150))
    assert min(red, green, blue) > 240
    assert value["tools"]["libvips"]


async def test_transparency_is_kept_where_there_is_some(pool, tmp_path):
    image = corners().convert("RGBA")
    image.save(tmp_path / "opaque.png")
    image.putpixel((399, 199), (0, 0, 0, 0))
    image.save(tmp_path / "clear.png")
    opaque, _ = await render(pool, tmp_path / "opaque.png")
    clear, _ = await render(pool, tmp_path / "clear.png")
    assert opaque["pictures"]["image"]["media_type"] == "image/jpeg"
    assert clear["pictures"]["image"]["media_type"] == "image/png"


async def test_colours_with_a_profile_are_brought_to_srgb(pool, tmp_path):
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    corners().save(tmp_path / "a.jpg", icc_profile=srgb)
    _, pictures = await render(pool, tmp_path / "a.jpg")
    assert "icc_profile" not in pictures["image"].info
    assert near(pictures["image"].getpixel((20, 20)), RED)


async def test_a_large_picture_shrinks_to_its_edge(pool, tmp_path):
    corners(5000, 3000).save(tmp_path / "a.jpg")
    value, pictures = await render(pool, tmp_path / "a.jpg")
    assert (value["width"], value["height"]) == (5000, 3000)
    assert pictures["image"].size == (2400, 1440)
    assert pictures["thumbnail"].size == (320, 192)


async def test_a_bomb_is_refused_from_its_header(pool, tmp_path):
    png_bomb(tmp_path / "bomb.png")
    seconds = []
    for _ in range(3):
        begun = time.perf_counter()
        with pytest.raises(SourceRefused, match="40000 x 40000"):
            await render(pool, tmp_path / "bomb.png")
        seconds.append(time.perf_counter() - begun)
    assert min(seconds) < 0.3


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.gif", "a.heic"])
async def test_a_picture_cut_short_is_damaged(pool, tmp_path, name):
    image = Image.effect_noise((600, 400), 80).convert("RGB")
    if name == "a.heic":
        pillow_heif.from_pillow(image).save(tmp_path / name)
    else:
        image.save(tmp_path / name)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(SourceDamaged):
        await render(pool, tmp_path / name)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 100,
        b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><image href='/etc/passwd'/></svg>",
        b"P6 1 1 255 aaa",
        b"%PDF-1.4\n",
        b"#?RADIANCE\n",
    ],
)
async def test_other_loaders_stay_closed(pool, tmp_path, content):
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(SourceRefused):
        await render(pool, tmp_path / "a.jpg")
