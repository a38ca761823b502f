"""The samples are what they claim to be, and the same every time."""

import json
import subprocess
import zipfile
from pathlib import Path

import pikepdf
from PIL import Image

from tests.samples.film import make_phone_film, make_truncated
from tests.samples.office import make_infected_document
from tests.samples.paper import make_pdf, make_text
from tests.samples.photo import make_photo
from tests.samples.program import program_bytes
from tests.services.clamd import EICAR


def small_film(path: Path) -> Path:
    return make_phone_film(path, width=320, height=180, seconds=1, rate=10)


def test_film_is_stored_sideways_with_sound(tmp_path: Path) -> None:
    argv = ["ffprobe", "-v", "error", "-show_streams", "-of", "json", str(small_film(tmp_path / "film.mp4"))]
    streams = json.loads(subprocess.run(argv, check=True, capture_output=True).stdout)["streams"]
    picture, sound = streams
    assert (picture["width"], picture["height"]) == (320, 180)
    assert picture["side_data_list"][0]["rotation"] == -90
    assert sound["codec_name"] == "aac"


def test_turned_film_has_its_left_edge_on_top(tmp_path: Path) -> None:
    argv = ["ffmpeg", "-v", "error", "-i", str(small_film(tmp_path / "film.mp4")), "-frames:v", "1",
            "-vf", "crop=iw:ih/16:0:0,scale=1:1,format=rgb24", "-f", "rawvideo", "-"]  # fmt: skip
    red, green, blue = subprocess.run(argv, check=True, capture_output=True).stdout
    assert red > 200
    assert max(green, blue) < 60


def test_truncated_film_is_the_beginning_of_the_film(tmp_path: Path) -> None:
    film = small_film(tmp_path / "film.mp4")
    cut = make_truncated(film, tmp_path / "cut.mp4").read_bytes()
    assert film.read_bytes().startswith(cut)
    assert len(cut) < film.stat().st_size


def test_photo_is_stored_sideways(tmp_path: Path) -> None:
    with Image.open(make_photo(tmp_path / "photo.jpg", width=320, height=240)) as photo:
        assert photo.size == (320, 240)
        assert photo.getexif()[0x0112] == 6


def test_infected_document_carries_eicar(tmp_path: Path) -> None:
    with zipfile.ZipFile(make_infected_document(tmp_path / "infected.docx")) as document:
        assert document.read("word/embeddings/note.bin") == EICAR


def test_program_is_a_program() -> None:
    content = program_bytes()
    at = int.from_bytes(content[60:64], "little")
    assert content[:2] == b"MZ"
    assert content[at : at + 4] == b"PE\0\0"


def test_pdf_has_its_pages(tmp_path: Path) -> None:
    with pikepdf.open(make_pdf(tmp_path / "paper.pdf")) as paper:
        assert len(paper.pages) == 2


def test_samples_are_the_same_every_time(tmp_path: Path) -> None:
    for make in (make_photo, make_infected_document, make_pdf, make_text):
        assert make(tmp_path / "one").read_bytes() == make(tmp_path / "two").read_bytes()
