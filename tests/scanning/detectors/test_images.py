"""Pictures of older formats, as programs write them and as attackers would."""

import io
import struct

import pytest
from PIL import Image

from tests.scanning import samples


def saved(format_name: str, mode: str = "RGB", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((61, 47), 80).convert(mode).save(buffer, format_name, **options)
    return buffer.getvalue()


WAYS = {
    "TIFF, packed": ("tif", saved("TIFF", compression="tiff_lzw")),
    "TIFF, 64-bit offsets": ("tif", saved("TIFF", big_tiff=True)),
    "TIFF, black and white": ("tif", saved("TIFF", "1", compression="group4")),
    "TIFF, several pages": ("tif", saved("TIFF", save_all=True, append_images=[Image.new("L", (9, 9))])),
    "BMP, black and white": ("bmp", saved("BMP", "1")),
    "BMP, palette": ("bmp", saved("BMP", "P")),
    "BMP, transparent": ("bmp", saved("BMP", "RGBA")),
    "PCX, grey": ("pcx", saved("PCX", "L")),
    "PCX, palette": ("pcx", saved("PCX", "P")),
    "PCX, black and white": ("pcx", saved("PCX", "1")),
    "Photoshop, packed": ("psd", samples.photoshop(packed=True)),
    "metafile without a place": ("wmf", samples.metafile(placeable=False)),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_picture_is_accepted_whole_and_damaged_when_cut(examine, way):
    extension, content = WAYS[way]
    found = examine(content, extension)
    assert (found["accepted"], found.get("flags")) == (True, ())
    for share in (0.3, 0.6, 0.95):
        assert examine(content[: int(len(content) * share)], extension)["code"] == "damaged"


@pytest.mark.parametrize("extension", ["tif", "psd", "pcx", "bmp", "wmf", "aiff", "wmv", "mdb"])
def test_an_archive_behind_a_file_is_held_or_damage(examine, extension):
    found = examine(samples.GENUINE[extension] + samples.archive({"a": "b" * 5000}), extension)
    assert found["code"] in {"held_suspicious", "damaged"}


def test_a_metafile_that_carries_a_program_is_unsafe(examine):
    escape = struct.pack("<IHHH", 20, 0x0626, 0x0009, 30) + bytes(30)
    assert examine(samples.metafile(escape), "wmf")["code"] == "unsafe_content"


def test_a_tiff_whose_directories_go_round_is_read_once(examine):
    content = bytearray(samples.GENUINE["tif"])
    first = int.from_bytes(content[4:8], "little")
    count = int.from_bytes(content[first : first + 2], "little")
    content[first + 2 + 12 * count :][:4] = content[4:8]
    struct.pack_into("<I", content, first + 2 + 12 * count, first)
    assert examine(bytes(content), "tif")["accepted"]


def test_a_tiff_without_a_picture_is_damaged(examine):
    assert examine(b"II*\0" + struct.pack("<IHI", 8, 0, 0), "tif")["code"] == "damaged"


@pytest.mark.parametrize("size", [16, 17, 18, 19])
def test_a_photoshop_header_beyond_all_bounds_is_damaged(examine, size):
    content = bytearray(samples.GENUINE["psd"])
    content[size] = 0xFF
    assert examine(bytes(content), "psd")["code"] == "damaged"
