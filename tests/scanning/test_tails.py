import pytest

from tests.scanning import samples

HIDDEN = {"a program": samples.program(), "an archive": samples.archive({"a": "b"}), "a web page": b"<html>"}


@pytest.mark.parametrize("extension", ["jpg", "png", "gif", "mov", "mp4", "heic", "wav", "mkv", "pdf"])
@pytest.mark.parametrize("what", ["a program", "an archive"])
def test_a_second_file_behind_the_first_is_held(examine, extension, what):
    found = examine(samples.GENUINE[extension] + HIDDEN[what], extension)
    assert (found["state"], found["code"]) == ("held", "held_suspicious"), found
    assert what in found["detail"]["problem"]


@pytest.mark.parametrize("extension", ["jpg", "png", "gif", "pdf"])
def test_a_web_page_behind_a_picture_is_held(examine, extension):
    found = examine(samples.GENUINE[extension] + b"\n\n<script>alert(1)</script>", extension)
    assert found["code"] == "held_suspicious"


def test_an_archive_far_behind_the_end_is_found_by_its_directory(examine):
    content = samples.GENUINE["jpg"] + b"camera data" + bytes(5000) + HIDDEN["an archive"]
    assert examine(content, "jpg")["code"] == "held_suspicious"


@pytest.mark.parametrize("extension", ["jpg", "png", "gif", "mp4", "heic", "pdf"])
def test_what_a_camera_adds_is_flagged_and_filling_is_not(examine, extension):
    assert examine(samples.GENUINE[extension] + b"SEFHe\0\0camera", extension)["flags"] == ("trailing_bytes",)
    filled = examine(samples.GENUINE[extension] + bytes(3_000_000), extension)
    # Readers of PDF look for the table's place in the last kilobyte.
    assert filled["flags"] == (("repaired",) if extension == "pdf" else ())


def test_something_before_a_pdf_is_held(examine):
    assert examine(b"<script>alert(1)</script>" + samples.GENUINE["pdf"], "pdf")["code"] != ""
    assert not examine(b"<script>alert(1)</script>" + samples.GENUINE["pdf"], "pdf")["accepted"]
    assert examine(b"\xef\xbb\xbf" + samples.GENUINE["pdf"], "pdf")["accepted"]


def test_a_program_with_an_archive_in_it_is_a_program(examine):
    found = examine(samples.program() + samples.office("docx"), "docx")
    assert (found["code"], found["type"]) == ("content_mismatch", "pe-exe")
