"""Headers that promise too much: refused before anything is unpacked."""

import struct
import time
from pathlib import Path

import pillow_heif
import pytest

from tests.transcode.pictures import HUGE, corners, draw, png_bomb
from transcode.errors import SourceRefused

LIMIT_SECONDS = 0.1


def jpeg(path: Path) -> None:
    corners().save(path, "jpeg")
    content = bytearray(path.read_bytes())
    struct.pack_into(">HH", content, content.index(b"\xff\xc0") + 5, HUGE, HUGE)
    path.write_bytes(content)


def tiff(path: Path) -> None:
    corners().save(path, "tiff")
    content = path.read_bytes()
    for tag, size in ((256, 400), (257, 200)):
        lying = struct.pack("<HHII", tag, 4, 1, HUGE)
        for kind in (3, 4):
            content = content.replace(struct.pack("<HHII", tag, kind, 1, size), lying)
    path.write_bytes(content)


def heic(path: Path) -> None:
    pillow_heif.from_pillow(corners()).save(path, format="HEIF")
    content = path.read_bytes()
    found = content.index(b"ispe") + 8
    path.write_bytes(content[:found] + struct.pack(">II", 20_000, 20_000) + content[found + 8 :])


def bmp(path: Path) -> None:
    path.write_bytes(struct.pack("<2sIIIIiiHHI", b"BM", 154, 0, 54, 40, HUGE, -HUGE, 1, 24, 0) + bytes(100))


def packed_bmp(path: Path) -> None:
    path.write_bytes(struct.pack("<2sIIIIiiHHI", b"BM", 154, 0, 54, 40, HUGE, HUGE, 1, 8, 1) + bytes(100))


def psd(path: Path) -> None:
    path.write_bytes(struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, 30_000, 30_000, 8, 3) + bytes(100))


def pcx(path: Path) -> None:
    head = struct.pack("<BBBBHHHH", 10, 5, 1, 8, 0, 0, 65_534, 65_534)
    path.write_bytes(head.ljust(65, b"\0") + b"\3" + bytes(100))


@pytest.mark.parametrize("write", [png_bomb, jpeg, tiff, heic, bmp, packed_bmp, psd, pcx])
def test_a_bomb_is_refused_from_its_header_in_no_time(tmp_path: Path, write) -> None:
    write(tmp_path / "bomb")
    assert (tmp_path / "bomb").stat().st_size < 300_000
    begun = time.process_time()
    with pytest.raises(SourceRefused, match="more than can be shown"):
        draw(tmp_path / "bomb")
    assert time.process_time() - begun < LIMIT_SECONDS
