"""A large picture's pyramid: every tile is there, shows its part of the upright picture, and no more."""

import io
import zipfile
from collections.abc import Callable
from math import ceil
from pathlib import Path
from xml.etree import ElementTree

import pillow_heif
import pytest
from PIL import Image

from config.profiles import load_profiles
from tests.transcode.pictures import WHITE, corners, draw, near, psd, shows_corners, wide_profile
from tests.transcode.test_privacy import SECRET, TELLING, original
from transcode import zoom
from transcode.errors import SourceDamaged, SourceRefused

EDGE = 100
SIZE = (1030, 770)
TURNED = 0x0112


class Pyramid:
    """What was made, as a viewer reads it."""

    def __init__(self, path: Path, edge: int, **options: int) -> None:
        folder = path.with_name(f"{path.name}-cut")
        folder.mkdir()
        arguments = {"tile_edge": EDGE, "max_pixels": 250_000_000, "jpeg_quality": 95}
        self.reply = zoom.render(path, folder, edge=edge, **arguments | options)
        self.size = (self.reply["width"], self.reply["height"])
        assert [file.name for file in folder.iterdir()] == [self.reply["file"]]
        self.path = folder / self.reply["file"]
        self.zip = zipfile.ZipFile(self.path)
        self.names = set(self.zip.namelist())
        self.top = max(int(name.split("/")[1]) for name in self.names if "/" in name)

    def tile(self, level: int, column: int, row: int) -> Image.Image:
        return Image.open(io.BytesIO(self.zip.read(f"image_files/{level}/{column}_{row}.jpeg")))

    def whole(self, level: int) -> Image.Image:
        """Put a level together as the format says: each tile shares a pixel with its neighbours."""
        factor = 1 << (self.top - level)
        width, height = (ceil(side / factor) for side in self.size)
        image = Image.new("RGB", (width, height))
        for row in range(ceil(height / EDGE)):
            for column in range(ceil(width / EDGE)):
                left, high = column * EDGE, row * EDGE
                inside = (int(column > 0), int(row > 0), min(EDGE, width - left), min(EDGE, height - high))
                tile = self.tile(level, column, row)
                right, low = inside[0] + inside[2], inside[1] + inside[3]
                image.paste(tile.crop((inside[0], inside[1], right, low)), (left, high))
        return image


def painted(width: int, height: int) -> Image.Image:
    """Return a picture in which neighbouring tiles differ."""
    image = Image.radial_gradient("L").resize((width, height))
    return Image.merge("RGB", (image, image.rotate(180), Image.linear_gradient("L").resize((width, height))))


def same(found: Image.Image, wanted: Image.Image, by: int = 8) -> bool:
    assert found.size == wanted.size
    places = [(x, y) for x in range(0, wanted.width, 37) for y in range(0, wanted.height, 41)]
    return all(near(found.getpixel(at), wanted.getpixel(at), by) for at in places)


def test_the_deepest_level_is_the_picture_and_every_level_above_half_of_it(tmp_path: Path) -> None:
    picture = painted(*SIZE)
    picture.save(tmp_path / "a.png")
    found = Pyramid(tmp_path / "a.png", max(SIZE))
    assert found.size == SIZE
    assert found.top == 11, "the level of one pixel is 0 (Deep Zoom): 2 to the 11th is the first above 1030"
    assert same(found.whole(11), picture)
    assert same(found.whole(10), picture.resize((515, 385), Image.Resampling.BOX))
    assert found.whole(0).size == (1, 1)


def test_the_description_says_how_large_picture_and_tiles_are(tmp_path: Path) -> None:
    painted(*SIZE).save(tmp_path / "a.png")
    root = ElementTree.fromstring(Pyramid(tmp_path / "a.png", max(SIZE)).zip.read("image.dzi"))
    assert root.tag == "{http://schemas.microsoft.com/deepzoom/2008}Image"
    assert root.attrib == {"Format": "jpeg", "Overlap": "1", "TileSize": "100"}
    assert root[0].attrib == {"Width": "1030", "Height": "770"}


@pytest.mark.parametrize("turned", range(1, 9))
def test_it_is_upright_however_the_camera_was_held(tmp_path: Path, turned: int) -> None:
    turns = {1: (), 2: (0,), 3: (3,), 4: (1,), 5: (5,), 6: (2,), 7: (6,), 8: (4,)}[turned]
    lying = corners(410, 230)
    for turn in turns:
        lying = lying.transpose(Image.Transpose(turn))
    said = Image.Exif()
    said[TURNED] = turned
    lying.save(tmp_path / "a.jpg", exif=said, quality=95, subsampling=0)
    found = Pyramid(tmp_path / "a.jpg", 410)
    assert found.size == (410, 230)
    assert shows_corners(found.whole(found.top))


def clear(image: Image.Image) -> Image.Image:
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("grey.jpg", lambda path: corners().convert("L").save(path)),
        ("ink.jpg", lambda path: corners().convert("CMYK").save(path)),
        ("wide.png", lambda path: corners().save(path, icc_profile=wide_profile())),
        ("wrongly-tagged.png", lambda path: corners().convert("L").save(path, icc_profile=wide_profile())),
        ("clear.png", lambda path: clear(corners()).save(path)),
        ("palette.gif", lambda path: corners().save(path)),
        ("a.tif", lambda path: corners().save(path)),
        ("a.heic", lambda path: pillow_heif.from_pillow(corners()).save(path, quality=95)),
        ("a.psd", lambda path: path.write_bytes(psd(corners()))),
        ("a.bmp", lambda path: corners().save(path)),
        ("a.pcx", lambda path: corners().save(path)),
    ],
)
def test_it_looks_like_the_review_copy_with_white_where_something_shows_through(
    tmp_path: Path, name: str, write: Callable[[Path], None]
) -> None:
    write(tmp_path / name)
    found = Pyramid(tmp_path / name, 400)
    _, drawn = draw(tmp_path / name)
    copy = drawn["image"].convert("RGBA")
    paper = Image.new("RGBA", copy.size, WHITE)
    assert same(found.whole(found.top), Image.alpha_composite(paper, copy).convert("RGB"), 16)


@pytest.mark.parametrize(
    "name", ["a.jpg", "a.png", "clear.png", "a.tif", "a.heic", "a.psd", "a.bmp", "a.pcx"]
)
def test_it_says_nothing_beside_the_pixels(tmp_path: Path, name: str) -> None:
    found = Pyramid(original(tmp_path / name), 400)
    assert SECRET.encode() not in found.path.read_bytes()
    for level, file in ((part[1], part[2]) for part in (n.split("/") for n in found.names) if len(part) > 1):
        with Image.open(io.BytesIO(found.zip.read(f"image_files/{level}/{file}"))) as tile:
            assert not tile.getexif()
            assert not [said for said in tile.info if str(said).startswith(TELLING)]
    others = [name for name in found.names if not name.startswith("image_files/")]
    assert others == ["image.dzi"]


def test_the_same_picture_is_always_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        painted(*SIZE).save(tmp_path / name)
    first, second = (Pyramid(tmp_path / name, max(SIZE)) for name in ("a.png", "b.png"))
    assert first.path.read_bytes() == second.path.read_bytes()


def test_nothing_in_it_is_packed(tmp_path: Path) -> None:
    painted(*SIZE).save(tmp_path / "a.png")
    found = Pyramid(tmp_path / "a.png", max(SIZE))
    assert {row.compress_type for row in found.zip.infolist()} == {zipfile.ZIP_STORED}
    assert found.zip.testzip() is None


def test_a_strip_of_pixels_that_would_be_too_many_tiles_is_refused(tmp_path: Path) -> None:
    width = zoom.MOST_TILES * EDGE + 1
    Image.new("1", (width, 2)).save(tmp_path / "a.png")
    with pytest.raises(SourceRefused, match="tiles"):
        Pyramid(tmp_path / "a.png", width)


def test_more_pixels_than_may_be_unpacked_are_refused(tmp_path: Path) -> None:
    for name in ("a.png", "a.bmp", "a.heic"):
        image = corners()
        (pillow_heif.from_pillow(image) if name == "a.heic" else image).save(tmp_path / name)
        with pytest.raises(SourceRefused, match="more than can be shown"):
            Pyramid(tmp_path / name, 400, max_pixels=79_999)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.bmp"])
def test_a_picture_that_is_cut_off_is_said_to_be_damaged(tmp_path: Path, name: str) -> None:
    painted(*SIZE).save(tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceDamaged):
        Pyramid(tmp_path / name, max(SIZE))


def test_a_tile_with_its_neighbours_pixels_is_as_large_as_viewers_ask_for() -> None:
    assert load_profiles().pictures.zoom_tile_edge + 2 * zoom.OVERLAP == 512
