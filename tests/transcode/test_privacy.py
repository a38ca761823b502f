"""No rendition says who made the original, where, when or with what."""

from pathlib import Path

import pillow_heif
import pytest
import pyvips
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.transcode.pictures import corners, draw, psd, wide_profile
from transcode.exif import noted_in_exif

SECRET = "Maria Muster, 51.5N 0.1W"
XMP = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'><author>{SECRET}</author></x:xmpmeta>".encode()
#: Fields of libvips that hold what was said beside the pixels.
TELLING = ("exif", "xmp", "iptc", "icc", "gps", "png-comment", "gif-comment", "photoshop", "comment")


def exif() -> Image.Exif:
    said = Image.Exif()
    said[0x013B] = said[0x010E] = said[0x010F] = SECRET
    said.get_ifd(0x8825)[1] = "N"
    said.get_ifd(0x8825)[2] = (51.0, 30.0, 0.0)
    return said


def original(path: Path) -> Path:
    image = corners()
    if path.name == "clear.png":
        image.putalpha(128)
    match path.suffix:
        case ".jpg":
            image.save(path, exif=exif(), xmp=XMP, comment=SECRET, icc_profile=wide_profile())
        case ".png":
            text = PngInfo()
            text.add_text("Author", SECRET)
            text.add_itxt("XML:com.adobe.xmp", XMP.decode())
            image.save(path, pnginfo=text, exif=exif(), icc_profile=wide_profile())
        case ".tif":
            image.save(
                path, exif=exif(), tiffinfo={270: SECRET, 315: SECRET, 700: XMP, 33723: SECRET.encode()}
            )
        case ".gif":
            image.save(path, comment=SECRET, save_all=True, append_images=[image.rotate(180)], duration=90)
        case ".heic":
            pillow_heif.from_pillow(image).save(path, exif=exif(), xmp=XMP, icc_profile=wide_profile())
        case ".psd":
            said = {1028: SECRET.encode(), 1039: wide_profile(), 1058: exif().tobytes(), 1060: XMP}
            path.write_bytes(psd(image, said=said))
        case ".bmp" | ".pcx":
            image.save(path)
            path.write_bytes(path.read_bytes() + SECRET.encode())
    assert SECRET.encode() in path.read_bytes()
    return path


@pytest.mark.parametrize(
    "name", ["a.jpg", "a.png", "clear.png", "a.tif", "a.gif", "a.heic", "a.psd", "a.bmp", "a.pcx"]
)
def test_renditions_say_nothing_beside_the_pixels(tmp_path: Path, name: str) -> None:
    _, pictures = draw(original(tmp_path / name))
    assert set(pictures) == {"thumbnail", "image"}
    for path in (tmp_path / f"{name}-drawn").iterdir():
        assert SECRET.encode() not in path.read_bytes()
        with Image.open(path) as found:
            found.load()
            assert not found.getexif()
            assert not {"exif", "xmp", "icc_profile", "comment", "photoshop", "Author"} & set(found.info)
            assert not getattr(found, "text", None)
        if path.suffix != ".webp":  # which libvips may not read here
            fields = pyvips.Image.new_from_file(str(path)).get_fields()
            assert not [field for field in fields if field.startswith(TELLING)]


def test_no_chunk_of_an_animation_tells(tmp_path: Path) -> None:
    draw(original(tmp_path / "a.gif"))
    content = (tmp_path / "a.gif-drawn" / "image.webp").read_bytes()
    assert not [kind for kind in (b"EXIF", b"XMP ", b"ICCP") if kind in content]


def test_what_the_device_noted_is_told_apart(tmp_path: Path) -> None:
    said = Image.Exif()
    said[0x010F], said[0x0110] = "Apple", "iPhone 13\x07\n" + "x" * 200
    said.get_ifd(0x8769).update({0x9003: "2026:06:01 10:15:00", 0x9011: "+01:00"})
    corners().save(tmp_path / "a.jpg", exif=said)
    pillow_heif.from_pillow(corners()).save(tmp_path / "a.heic", exif=said)
    for name in ("a.jpg", "a.heic"):
        reply, _ = draw(tmp_path / name)
        noted = reply["facts"]["captured"]
        assert noted["at"] == "2026:06:01 10:15:00 +01:00"
        assert noted["device"].startswith("Apple iPhone 13xxx")
        assert len(noted["device"]) < 110


@pytest.mark.parametrize("said", [b"", b"Exif\0\0", b"Exif\0\0MM\0*\xff\xff\xff\xff", bytes(5000)])
def test_a_broken_note_says_nothing_and_stops_nothing(said: bytes) -> None:
    assert noted_in_exif(said) == {}
