import io
import struct
from pathlib import Path

import pytest
import pyvips
from PIL import Image, ImageCms

from tests.transcode.pictures import RED, corners, draw, near, shows_corners, wide_profile

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def grey_profile() -> bytes:
    """Return an sRGB profile that says it were for grey pixels."""
    return SRGB[:16] + b"GRAY" + SRGB[20:]


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.heic"])
def test_wide_colours_are_brought_to_srgb(tmp_path: Path, name: str) -> None:
    image = Image.new("RGB", (60, 40), (200, 100, 50))
    if name == "a.heic":
        import pillow_heif

        pillow_heif.from_pillow(image).save(tmp_path / name, icc_profile=wide_profile(), quality=-1)
    else:
        image.save(tmp_path / name, icc_profile=wide_profile(), **({"quality": 95} if "jpg" in name else {}))
    found = draw(tmp_path / name)[1]["image"]
    assert near(found.getpixel((30, 20)), (227, 100, 42), by=6)
    assert "icc_profile" not in found.info


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif"])
@pytest.mark.parametrize("profile", [grey_profile(), b"no profile", SRGB[:200], b"\0" * 128])
def test_a_wrongly_tagged_picture_keeps_its_colours(tmp_path: Path, name: str, profile: bytes) -> None:
    corners().save(tmp_path / name, icc_profile=profile)
    reply, pictures = draw(tmp_path / name)
    assert (reply["width"], reply["height"]) == (400, 200)
    assert pictures["thumbnail"].size == (320, 160)
    assert shows_corners(pictures["image"])


def test_a_wrongly_tagged_picture_is_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = corners().transpose(Image.Transpose.ROTATE_90)
    turned.save(tmp_path / "a.jpg", exif=exif, icc_profile=grey_profile(), quality=95)
    assert shows_corners(draw(tmp_path / "a.jpg")[1]["image"])


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
@pytest.mark.parametrize("bands", [1, 2, 3, 4])
def test_sixteen_bits_become_eight(tmp_path: Path, name: str, bands: int) -> None:
    deep = "rgb16" if bands >= 3 else "grey16"
    halves = [pyvips.Image.black(30, 40) + value for value in (1000, 64_250)]
    image = halves[0].join(halves[1], "horizontal").cast("ushort")
    colours = [image] * (bands - (bands % 2 == 0)) + [image * 0 + 65_535] * (bands % 2 == 0)
    joined = colours[0].bandjoin(colours[1:]) if bands > 1 else image
    joined.cast("ushort").copy(interpretation=deep).write_to_file(str(tmp_path / name))
    found = draw(tmp_path / name)[1]["image"].convert("RGB")
    assert near(found.getpixel((5, 20)), (4, 4, 4), by=6)
    assert near(found.getpixel((55, 20)), (250, 250, 250), by=6)


@pytest.mark.parametrize("name", ["a.jpg", "a.tif"])
def test_ink_without_a_profile_looks_as_printed(tmp_path: Path, name: str) -> None:
    inks = Image.new("CMYK", (80, 40), (0, 0, 0, 0))
    inks.paste((0, 255, 255, 0), (0, 0, 40, 40))
    inks.save(tmp_path / name, **({"quality": 95} if name == "a.jpg" else {}))
    found = draw(tmp_path / name)[1]["image"]
    assert near(found.getpixel((10, 20)), (237, 28, 36), by=30)
    assert near(found.getpixel((70, 20)), (255, 255, 255))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "CMYK", "LAB", "F", "I;16"])
def test_every_kind_of_tiff_is_drawn(tmp_path: Path, mode: str) -> None:
    image = Image.new(mode, (50, 40))
    image.save(tmp_path / "a.tif")
    assert draw(tmp_path / "a.tif")[1]["thumbnail"].size == (50, 40)


def test_extra_channels_are_left_out(tmp_path: Path) -> None:
    image = pyvips.Image.black(50, 40, bands=6).linear(1, [254, 0, 0, 255, 9, 9]).cast("uchar")
    image.copy(interpretation="srgb").tiffsave(str(tmp_path / "a.tif"))
    found = draw(tmp_path / "a.tif")[1]["image"].convert("RGB")
    assert near(found.getpixel((20, 20)), RED)


def test_what_shows_through_a_palette_still_does(tmp_path: Path) -> None:
    image = corners().convert("P", palette=Image.Palette.ADAPTIVE, colors=8)
    clear = image.getpixel((10, 10))
    for name in ("a.png", "a.gif"):
        image.save(tmp_path / name, transparency=clear)
        found = draw(tmp_path / name)[1]["image"]
        assert found.mode == "RGBA"
        assert [found.getpixel(at)[3] for at in ((10, 10), (390, 190))] == [0, 255]


def test_the_first_page_stands_for_all(tmp_path: Path) -> None:
    pages = [Image.new("RGB", (30, 20), "blue") for _ in range(6)]
    corners().save(tmp_path / "a.tif", save_all=True, append_images=pages)
    reply, pictures = draw(tmp_path / "a.tif")
    assert reply["facts"] == {"pages": 7}
    assert shows_corners(pictures["image"])


def test_a_tiff_that_no_library_unpacks_is_not_held_against_it(tmp_path: Path) -> None:
    corners().save(tmp_path / "a.tif", compression="tiff_lzw")
    content = (tmp_path / "a.tif").read_bytes()
    entry = struct.pack("<HHI", 259, 3, 1)
    assert entry + b"\5\0" in content
    (tmp_path / "a.tif").write_bytes(content.replace(entry + b"\5\0", entry + struct.pack("<H", 34_661)))
    reply, pictures = draw(tmp_path / "a.tif")
    assert reply["facts"]["no_picture"] == "variant_unknown"
    assert not pictures


def test_the_profile_made_for_these_tests_is_one() -> None:
    profile = ImageCms.ImageCmsProfile(io.BytesIO(wide_profile()))
    assert "wide" in ImageCms.getProfileDescription(profile)
