import struct
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image

from tests.transcode.pictures import corners, draw, shows_corners
from transcode.errors import SourceDamaged, SourceRefused
from transcode.heic import is_bare_sequence


def box(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", 8 + len(data)) + kind + data


SEQUENCE = box(b"ftyp", b"msf1\0\0\0\0msf1hevc") + box(b"moov", bytes(40)) + box(b"mdat", bytes(400))


def test_a_sequence_without_a_still_has_no_picture_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "a.heic").write_bytes(SEQUENCE)
    reply, pictures = draw(tmp_path / "a.heic")
    assert not pictures
    assert reply["facts"]["no_picture"] == "sequence_without_still"


@pytest.mark.parametrize(
    ("content", "bare"),
    [
        (SEQUENCE, True),
        (SEQUENCE + box(b"meta", bytes(9)), False),
        (box(b"ftyp", b"heic"), False),
        (b"", False),
        (struct.pack(">I4sQ", 1, b"moov", 1 << 62), True),
        (struct.pack(">I4s", 0, b"moov"), True),
        (struct.pack(">I4s", 3, b"free") + box(b"moov"), False),
    ],
)
def test_a_sequence_is_known_by_its_boxes(tmp_path: Path, content: bytes, *, bare: bool) -> None:
    (tmp_path / "a.heic").write_bytes(content)
    assert is_bare_sequence(tmp_path / "a.heic") is bare


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_sideways_phone_picture_is_upright(tmp_path: Path, orientation: int) -> None:
    turns = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = corners().transpose(turns[orientation])
    pillow_heif.from_pillow(stored).save(tmp_path / "a.heic", exif=exif.tobytes())
    reply, pictures = draw(tmp_path / "a.heic")
    assert (reply["width"], reply["height"]) == (400, 200)
    assert shows_corners(pictures["image"])


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_grey_and_clear_ones_are_drawn(tmp_path: Path, mode: str) -> None:
    image = corners().convert(mode)
    if mode == "RGBA":
        image.paste((0, 0, 0, 0), (0, 0, 200, 100))
    pillow_heif.from_pillow(image).save(tmp_path / "a.heic")
    found = draw(tmp_path / "a.heic")[1]["image"]
    assert found.size == (400, 200)
    assert (found.mode == "RGBA") == (mode == "RGBA")


def test_too_many_pixels_are_refused_from_the_header(tmp_path: Path) -> None:
    pillow_heif.from_pillow(corners()).save(tmp_path / "a.heic")
    with pytest.raises(SourceRefused):
        draw(tmp_path / "a.heic", max_pixels=70_000)


@pytest.mark.parametrize("share", [0.1, 0.6, 0.95])
def test_one_cut_short_is_damaged(tmp_path: Path, share: float) -> None:
    path = tmp_path / "a.heic"
    pillow_heif.from_pillow(Image.effect_noise((300, 200), 80).convert("RGB")).save(path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(SourceDamaged):
        draw(path)


def test_a_codec_that_is_not_here_is_not_held_against_it(tmp_path: Path) -> None:
    pillow_heif.from_pillow(corners()).save(tmp_path / "a.heic")
    content = (tmp_path / "a.heic").read_bytes()
    assert content.count(b"hvc1") == 1
    (tmp_path / "a.heic").write_bytes(content.replace(b"hvc1", b"vvc1").replace(b"hvcC", b"vvcC"))
    reply, pictures = draw(tmp_path / "a.heic")
    assert (reply["facts"].get("no_picture"), pictures) == ("variant_unknown", {})
