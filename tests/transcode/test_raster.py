import struct
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from tests.transcode.pictures import corners, draw, near, psd, shows_corners, wide_profile
from transcode.errors import SourceDamaged


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("a.bmp", "RGB"),
        ("a.bmp", "P"),
        ("a.pcx", "RGB"),
        ("a.pcx", "P"),
        ("a.psd", "RGB"),
        ("a.psd", "P"),
        ("a.psd", "CMYK"),
    ],
)
def test_every_colour_is_where_it_was(tmp_path: Path, name: str, mode: str) -> None:
    image = corners().convert(mode, palette=Image.Palette.ADAPTIVE)
    path = tmp_path / name
    if path.suffix == ".psd":
        path.write_bytes(psd(image))
    else:
        image.save(path)
    reply, pictures = draw(path)
    assert (reply["width"], reply["height"]) == (400, 200)
    assert pictures["thumbnail"].size == (320, 160)
    if mode == "CMYK":  # ink has no such green and blue
        assert near(pictures["image"].getpixel((300, 150)), (255, 255, 255))
        assert near(pictures["image"].getpixel((100, 50)), (237, 28, 36), by=30)
    else:
        assert shows_corners(pictures["thumbnail"])
        assert shows_corners(pictures["image"])


@pytest.mark.parametrize("name", ["a.bmp", "a.pcx", "a.psd"])
@pytest.mark.parametrize("mode", ["1", "L"])
def test_black_on_white_stays_so(tmp_path: Path, name: str, mode: str) -> None:
    image = Image.new(mode, (100, 60), 255)
    image.paste(0, (0, 0, 50, 60))
    path = tmp_path / name
    if path.suffix == ".psd":
        path.write_bytes(psd(image.convert("L")))
    else:
        image.save(path)
    _, pictures = draw(path)
    assert near(pictures["image"].convert("RGB").getpixel((10, 30)), (0, 0, 0))
    assert near(pictures["image"].convert("RGB").getpixel((90, 30)), (255, 255, 255))


def test_a_packed_psd_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.psd").write_bytes(psd(corners(), packed=True))
    assert shows_corners(draw(tmp_path / "a.psd")[1]["image"])


def test_what_shows_through_a_psd_still_does(tmp_path: Path) -> None:
    image = corners().convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 200, 100))
    (tmp_path / "a.psd").write_bytes(psd(image))
    _, pictures = draw(tmp_path / "a.psd")
    assert pictures["image"].mode == "RGBA"
    assert pictures["image"].getpixel((50, 50))[3] == 0
    assert pictures["image"].getpixel((300, 50))[3] == 255


def test_a_psd_in_lab_has_its_colours(tmp_path: Path) -> None:
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    image = ImageCms.profileToProfile(Image.new("RGB", (40, 30), (200, 60, 30)), srgb, lab, outputMode="LAB")
    assert image
    (tmp_path / "a.psd").write_bytes(psd(image))
    assert near(draw(tmp_path / "a.psd")[1]["image"].getpixel((20, 15)), (200, 60, 30))


def test_a_psd_s_profile_is_obeyed(tmp_path: Path) -> None:
    image = Image.new("RGB", (40, 30), (200, 100, 50))
    (tmp_path / "a.psd").write_bytes(psd(image, said={1039: wide_profile()}))
    _, pictures = draw(tmp_path / "a.psd")
    assert near(pictures["image"].getpixel((20, 15)), (227, 100, 42), by=4)


def test_a_bmp_stored_from_the_top_is_upright(tmp_path: Path) -> None:
    path = tmp_path / "a.bmp"
    corners().transpose(Image.Transpose.FLIP_TOP_BOTTOM).save(path)
    content = bytearray(path.read_bytes())
    struct.pack_into("<i", content, 22, -200)
    path.write_bytes(content)
    reply, pictures = draw(path)
    assert reply["height"] == 200
    assert shows_corners(pictures["image"])


def test_a_large_one_shrinks_to_its_edge(tmp_path: Path) -> None:
    corners(10_000, 5000).save(tmp_path / "a.bmp")
    reply, pictures = draw(tmp_path / "a.bmp")
    assert (reply["width"], reply["height"]) == (10_000, 5000)
    assert pictures["image"].size == (2400, 1200)
    assert shows_corners(pictures["image"])


@pytest.mark.parametrize("name", ["a.bmp", "a.pcx", "raw.psd", "packed.psd"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.98])
def test_one_cut_short_is_damaged(tmp_path: Path, name: str, share: float) -> None:
    image = Image.effect_noise((300, 200), 80).convert("RGB")
    path = tmp_path / name
    if path.suffix == ".psd":
        path.write_bytes(psd(image, packed=name == "packed.psd"))
    else:
        image.save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(SourceDamaged):
        draw(path)


@pytest.mark.parametrize("start", [b"BM", b"8BPS", b"8BPS\0\1" + bytes(40), b"\x0a\5\1", b"\x0a\5\1\1"])
def test_a_bare_beginning_is_damaged(tmp_path: Path, start: bytes) -> None:
    (tmp_path / "a").write_bytes(start)
    with pytest.raises(SourceDamaged):
        draw(tmp_path / "a")


def test_a_variant_that_nobody_reads_is_not_held_against_it(tmp_path: Path) -> None:
    content = bytearray(psd(corners()))
    struct.pack_into(">H", content, 22, 16)
    (tmp_path / "a.psd").write_bytes(content)
    reply, pictures = draw(tmp_path / "a.psd")
    assert not pictures
    assert reply["facts"]["no_picture"] == "variant_unknown"
    assert "16 bits" in reply["facts"]["no_picture_reason"]


def test_a_psd_packed_in_an_unknown_way_is_not_held_against_it(tmp_path: Path) -> None:
    content = psd(Image.new("RGB", (4, 4)))
    place = len(content) - 2 - 3 * 16
    (tmp_path / "a.psd").write_bytes(content[:place] + b"\0\2" + content[place + 2 :])
    assert draw(tmp_path / "a.psd")[0]["facts"]["no_picture"] == "variant_unknown"


def test_a_header_that_lies_within_the_limit_is_found_out_before_unpacking(tmp_path: Path) -> None:
    header = struct.pack("<2sIIIIiiHHI", b"BM", 10_000, 0, 54, 40, 15_000, 15_000, 1, 24, 0)
    (tmp_path / "a.bmp").write_bytes(header + bytes(100))
    with pytest.raises(SourceDamaged, match="ends before"):
        draw(tmp_path / "a.bmp")


def test_pillow_loads_no_other_plugin(tmp_path: Path) -> None:
    (tmp_path / "a.psd").write_bytes(psd(corners()))
    corners().save(tmp_path / "a.bmp")
    corners().save(tmp_path / "a.pcx")
    script = (
        "import sys; from pathlib import Path; from transcode import raster\n"
        "for path in sys.argv[1:]: raster.read(Path(path), 100, 10**6)\n"
        "print(*sorted(n[4:] for n in sys.modules if n.startswith('PIL.') and n.endswith('ImagePlugin')))"
    )
    paths = [str(tmp_path / name) for name in ("a.psd", "a.bmp", "a.pcx")]
    ended = subprocess.run([sys.executable, "-c", script, *paths], capture_output=True, text=True, check=True)
    loaded = {name.removesuffix("ImagePlugin") for name in ended.stdout.split()}
    assert loaded <= {"Bmp", "Gif", "Jpeg", "Mpo", "Pcx", "Png", "Ppm", "Psd", "Tiff"}
