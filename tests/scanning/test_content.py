import re
import struct

import pytest

from scanning.content import open_content
from scanning.findings import Flawed
from tests.scanning import samples


@pytest.fixture
def content(tmp_path):
    (tmp_path / "f").write_bytes(bytes(range(256)) * 8192)
    with open_content(tmp_path / "f") as content:
        yield content


def test_reading_outside_the_file_gives_nothing(content):
    assert content.at(content.size_bytes - 2, 10) == b"\xfe\xff"
    assert content.at(content.size_bytes, 10) == content.at(-5, 10) == content.at(1 << 70, 10) == b""
    with pytest.raises(Flawed):
        content.exactly(content.size_bytes - 2, 3)


def test_a_pattern_across_two_pieces_is_found(content):
    assert content.find(re.compile(rb"\xff\x00"), (1 << 20) - 3) == (1 << 20) - 1
    assert content.find(re.compile(rb"\xff\xff"), 0) is None


TINY_PARTS = {
    "mp4": samples.box(b"ftyp", b"isom", bytes(4)) + samples.box(b"free") * 1_100_000,
    "mkv": samples.element("1a45dfa3", samples.element("4282", b"matroska"))
    + samples.element("18538067", bytes.fromhex("ec80") * 1_100_000),
    "gif": b"GIF89a" + bytes(7) + b"\x2c" + bytes(10) + b"\x01x" * 1_100_000,
    "jpg": b"\xff\xd8" + b"\xff" * 1_100_000,
    "aiff": struct.pack(">4sI4s", b"FORM", 8_800_004, b"AIFF") + b"COMM\0\0\0\0" * 1_100_000,
    "wmf": samples.metafile()[:40] + struct.pack("<IH", 3, 0x0103) * 1_100_000,
    "tif": b"II*\0\x08\0\0\0" + b"".join(struct.pack("<HI", 0, 14 + 6 * at) for at in range(11_000)),
    "rtf": b"{\\rtf1" + b"\\bin0 " * 11_000,
    "aac": bytes.fromhex("fff1508001 1ffc00") * 4_100_000,
}


@pytest.mark.parametrize("extension", TINY_PARTS)
def test_a_file_of_a_million_tiny_parts_is_answered_soon(examine, extension):
    assert examine(TINY_PARTS[extension], extension)["code"] == "held_suspicious"
