import zipfile

import pytest

from tests.scanning import samples


def test_an_archive_that_unpacks_to_far_more_than_its_size_is_unsafe(examine):
    bomb = samples.office("docx", {"word/media/zeros.bin": bytes(300 << 20)})
    assert examine(bomb, "docx")["code"] == "unsafe_content"


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "word/../../x", "..\\..\\x", "C:\\x", "C:/x", "word/a\nb"]
)
def test_a_member_that_would_be_written_elsewhere_is_unsafe(examine, tmp_path, name):
    assert examine(samples.office("docx", {name: b"x"}), "docx")["code"] == "unsafe_content"
    assert not (tmp_path / "members").exists()


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["word/document.xml", "Word/Document.XML"])
def test_two_members_of_one_name_are_unsafe(examine, tmp_path, name):
    path = tmp_path / "double.zip"
    path.write_bytes(samples.office("docx"))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, "other text")
    assert examine(path.read_bytes(), "docx")["code"] == "unsafe_content"


def test_members_that_lie_over_one_another_are_unsafe(examine):
    content = bytearray(samples.archive({**samples.office_members("docx"), "a.bin": "a", "b.bin": "b"}))
    first, second = (content.rindex(name) - 46 for name in (b"a.bin", b"b.bin"))
    content[second + 42 : second + 46] = content[first + 42 : first + 46]
    content[second + 46] = ord("a")
    assert examine(bytes(content), "docx")["code"] == "unsafe_content"


def test_an_archive_that_is_two_kinds_of_document_is_held(examine):
    both = samples.archive(
        {"mimetype": "application/vnd.oasis.opendocument.text", **samples.office_members("docx")}
    )
    assert examine(both, "docx")["code"] == examine(both, "odt")["code"] == "held_suspicious"


@pytest.mark.parametrize("tail", [b"PK\x03\x04 and more", b"words"])
def test_what_stands_behind_an_archive_is_held_unless_it_is_its_comment(examine, tail):
    content = samples.office("docx")
    assert examine(content + tail, "docx")["code"] == "held_suspicious"
    counted = content[:-2] + len(tail).to_bytes(2, "little")
    assert examine(counted + tail, "docx")["accepted"]
    assert examine(counted + tail[:-1], "docx")["code"] == "damaged"


def test_too_many_members_are_unsafe(examine):
    many = {f"word/{number}.xml": b"" for number in range(5001)}
    assert examine(samples.office("docx", many), "docx")["code"] == "unsafe_content"


def test_one_changed_byte_of_a_stored_member_is_damage(examine):
    content = bytearray(samples.archive(samples.office_members("docx"), zipfile.ZIP_STORED))
    content[content.index(b"text text") + 2] ^= 1
    assert examine(bytes(content), "docx")["code"] == "damaged"


def locked_member() -> bytes:
    content = bytearray(samples.office("docx"))
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(magic, content.index(b"word/document") - 60) + offset] |= 1
    return bytes(content)


def test_an_archive_member_with_a_password_is_encrypted(examine):
    assert examine(locked_member(), "docx")["code"] in {"encrypted", "damaged"}


def test_every_member_of_an_office_file_is_taken_out_under_a_number(examine, tmp_path):
    found = examine(samples.office("docx", {"word/media/image1.png": b"picture", "word/empty/": b""}), "docx")
    assert {member["name"] for member in found["members"]} == {
        *samples.office_members("docx"),
        "word/media/image1.png",
    }
    for member in found["members"]:
        assert member["file"].isdigit()
        assert (tmp_path / "members" / member["file"]).stat().st_size == member["size_bytes"]
