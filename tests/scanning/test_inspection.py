import json
import shutil
import struct
import zipfile
from pathlib import Path

import pikepdf
import pytest

from config.formats import load_formats
from config.reasons import load_reasons
from scanning.identification import CHECKED_TYPES, DETECTORS
from scanning.inspection import inspect
from scanning.pool import ClamdPool
from tests.scanning import samples
from tests.services.clamd import EICAR

FORMATS = load_formats()
CHECKED_EXTENSIONS = sorted(name for name, row in FORMATS.extensions.items() if row.holds <= CHECKED_TYPES)
#: Extensions whose files may bear each other's names: `holds` of `config/formats.toml` says which way.
FAMILIES = (
    frozenset({"jpg", "jpeg", "jfif"}),
    frozenset({"mp4", "m4v", "m4a", "m4b"}),
    frozenset({"3gp", "3g2"}),
    frozenset({"mpg", "mts"}),
)


def same_family(one: str, other: str) -> bool:
    return one == other or any({one, other} <= family for family in FAMILIES)


@pytest.fixture
def examine(tmp_path):
    def examine(content: bytes, extension: str | None) -> dict:
        path = tmp_path / "original"
        path.write_bytes(content)
        shutil.rmtree(tmp_path / "members", ignore_errors=True)
        found = inspect(path, tmp_path / "members", extension)
        json.dumps(found)
        if not found["accepted"]:
            reason, remedy = load_reasons()[found["code"]].told(found["detail"])
            assert "…" not in reason + remedy
        return found

    return examine


def test_every_type_that_can_be_told_has_a_row():
    assert FORMATS.types.keys() >= CHECKED_TYPES


def test_what_may_hide_in_a_damaged_container_has_a_row():
    assert all(FORMATS.types.keys() >= detector.may_hide for detector in DETECTORS)


def test_every_checked_extension_has_a_sample():
    assert set(CHECKED_EXTENSIONS) == samples.GENUINE.keys() | {"jpeg", "jfif"}


@pytest.mark.parametrize("extension", samples.GENUINE)
def test_a_genuine_file_is_accepted_under_its_name_and_under_none(examine, extension):
    under_its_name = examine(samples.GENUINE[extension], extension)
    assert under_its_name["accepted"], under_its_name
    assert under_its_name["type"] in FORMATS.extensions[extension].holds
    assert examine(samples.GENUINE[extension], None)["type"] == under_its_name["type"]


@pytest.mark.parametrize("extension", samples.GENUINE)
def test_a_genuine_file_under_another_name_is_never_accepted(examine, extension):
    for other in FORMATS.extensions:
        if not same_family(extension, other):
            found = examine(samples.GENUINE[extension], other)
            assert (found["accepted"], found["code"]) == (False, "content_mismatch"), other
            assert found["detail"]["actual"] == FORMATS.types[found["type"]].label


@pytest.mark.parametrize("name", samples.NEVER_ACCEPTED)
def test_what_nobody_accepts_is_named_and_refused_under_every_name(examine, name):
    content = samples.NEVER_ACCEPTED[name]
    assert examine(content, None)["code"] == "content_not_accepted"
    for extension in FORMATS.extensions:
        found = examine(content, extension)
        assert (found["state"], found["code"], found["type"]) == ("rejected", "content_mismatch", name)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("extension", sorted(samples.GENUINE.keys() - samples.ENDLESS))
def test_a_file_that_was_cut_is_damaged(examine, extension, share):
    content = samples.GENUINE[extension]
    found = examine(content[: int(len(content) * share)], extension)
    # Of an old Office file, a cut within the last sector may have cost nothing.
    held = {"held_damaged"} if extension in {"doc", "xls", "ppt"} and share > 0.9 else set()
    assert not found["accepted"]
    assert found["code"] in {"damaged"} | held, found


def test_an_empty_file_is_refused_as_empty(examine):
    for extension in ("txt", "mp4", None):
        assert examine(b"", extension)["code"] == "empty_file"


@pytest.mark.parametrize("size", [1, 2, 3, 4, 8, 30])
def test_the_first_bytes_of_any_file_are_answered_and_not_accepted(examine, size):
    for extension in samples.GENUINE.keys() - samples.ENDLESS:
        assert not examine(samples.GENUINE[extension][:size], extension)["accepted"], extension


def test_an_accepted_format_without_a_detector_is_held(examine):
    unchecked = FORMATS.extensions.keys() - set(CHECKED_EXTENSIONS)
    for extension in unchecked:
        found = examine(b"\x01\x02unknown\x00", extension)
        assert (found["state"], found["code"]) == ("held", "held_unchecked_format")


def test_unknown_content_is_refused_under_a_checked_name(examine):
    for extension in [*CHECKED_EXTENSIONS, None]:
        assert examine(b"\x01\x02unknown\x00", extension)["code"] == "content_unknown"


# Texts that are programs for other readers


@pytest.mark.parametrize(
    "content",
    [b"ffconcat version 1.0\nfile private.ts\n", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"],
    ids=["ffconcat", "m3u8"],
)
@pytest.mark.parametrize("extension", ["mp4", "mov", "avi", "mkv", "mpg", "mts"])
def test_a_playlist_named_as_a_film_is_refused(examine, content, extension):
    assert examine(content, extension)["code"] == "content_mismatch"


@pytest.mark.parametrize(
    "content",
    [
        b"<html><script>alert(1)</script></html>",
        b"\xef\xbb\xbf  \n<!-- a -->\n<!doctype HTML>",
        b"<?xml version='1.0'?>\n<!DOCTYPE html PUBLIC 'x'><html/>",
        b"<svg onload=alert(1)>",
        b"{\\rtf1 words}",
        b"\xff\xfe" + "<script>alert(1)</script>".encode("utf-16-le"),
    ],
)
def test_markup_is_not_plain_text(examine, content):
    assert not examine(content, "txt")["accepted"]


@pytest.mark.parametrize(
    "content",
    [
        b"a",
        "Grüße".encode("cp1252") * 3,
        "音楽".encode("utf-16"),
        b"if a < b: print('<html>')\n",
        b"line\r\n\x0cpage two\x1a",
    ],
)
def test_plain_text_is_accepted_in_its_usual_encodings(examine, content):
    assert examine(content, "txt")["type"] == "text"


@pytest.mark.parametrize(
    "content", [b"a\x00b", b"\x1b[2J", b"\x81\x8d\x8f", bytes(range(128, 256)), b"\xff\xfea"]
)
def test_bytes_that_are_no_text_are_not_called_text(examine, content):
    assert not examine(content, "txt")["accepted"]


def test_a_broken_character_at_the_border_of_two_pieces_is_seen(examine):
    good = b"a" * ((1 << 20) - 1) + "é".encode() + b"b" * 10
    assert examine(good, "txt")["accepted"]
    assert not examine(b"a" * ((1 << 20) - 1) + b"\xc3\x81\x8d" + b"b" * 10, "txt")["accepted"]


# Two files in one


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


# Damage inside


def test_one_changed_byte_of_a_png_is_damage(examine):
    content = bytearray(samples.GENUINE["png"])
    content[60] ^= 1
    assert examine(bytes(content), "png")["code"] == "damaged"


def test_one_changed_byte_of_a_stored_member_is_damage(examine):
    content = bytearray(samples.archive(samples.office_members("docx"), zipfile.ZIP_STORED))
    content[content.index(b"text text") + 2] ^= 1
    assert examine(bytes(content), "docx")["code"] == "damaged"


def test_a_film_without_its_index_is_damaged(examine):
    content = samples.box(b"ftyp", b"isom", bytes(4)) + samples.box(b"mdat", bytes(100))
    assert "index" in examine(content, "mp4")["detail"]["problem"]


def test_a_film_with_large_sizes_is_walked(examine):
    large = struct.pack(">I4sQ", 1, b"mdat", 516) + bytes(500)
    start = samples.film(b"isom")[:-508]
    assert examine(start + large, "mp4")["accepted"]
    assert examine(start + large[:-1], "mp4")["code"] == "damaged"
    assert examine(start + struct.pack(">I4s", 0, b"mdat") + bytes(77), "mp4")["accepted"]


def test_an_office_file_whose_main_part_is_missing_is_damaged(examine):
    members = samples.office_members("docx")
    del members["word/document.xml"]
    assert examine(samples.archive(members), "docx")["code"] == "damaged"


def test_a_pdf_whose_table_is_wrong_is_repaired_and_flagged(examine):
    content = samples.GENUINE["pdf"].replace(b"startxref\n", b"startxref\n9")
    found = examine(content, "pdf")
    assert found["accepted"]
    assert found["flags"] == ("repaired",)


def test_an_old_word_file_that_lost_part_of_its_last_sector_is_held(examine):
    assert examine(samples.GENUINE["doc"][:-10], "doc")["code"] == "held_damaged"


# Passwords


def locked_pdf(user: str) -> bytes:
    return samples.pdf(encryption=pikepdf.Encryption(owner="owner", user=user))


def locked_member() -> bytes:
    content = bytearray(samples.office("docx"))
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(magic, content.index(b"word/document") - 60) + offset] |= 1
    return bytes(content)


LOCKED = {
    "pdf": locked_pdf("user"),
    "doc": samples.word(flags=0x0100),
    "xls": samples.excel((0x002F, bytes(6))),
    "ppt": samples.powerpoint(0xF3D1C4DF),
    "docx": samples.compound({"EncryptionInfo": b"x", "EncryptedPackage": b"y"}),
    "odt": samples.open_document("text", "<manifest><file-entry><encryption-data/></file-entry></manifest>"),
}


@pytest.mark.parametrize("extension", LOCKED)
def test_a_file_with_a_password_is_refused_as_encrypted(examine, extension):
    assert examine(LOCKED[extension], extension)["code"] == "encrypted"


def test_an_archive_member_with_a_password_is_encrypted(examine):
    assert examine(locked_member(), "docx")["code"] in {"encrypted", "damaged"}


def test_a_pdf_that_only_forbids_changes_is_accepted_with_a_flag(examine):
    found = examine(locked_pdf(""), "pdf")
    assert found["accepted"]
    assert found["flags"] == ("restricted",)


# Macros and actions


def test_macros_are_a_flag_where_the_name_says_so_and_unsafe_elsewhere(examine):
    macros = {"ppt/vbaProject.bin": b"macro", "xl/vbaProject.bin": b"macro"}
    for extension in ("pptm", "xlsb"):
        assert examine(samples.office(extension, macros), extension)["flags"] == ("macros",)
    for extension in ("docx", "dotx", "xlsx", "pptx"):
        assert examine(samples.office(extension, macros), extension)["code"] == "unsafe_content"


def test_macros_under_an_innocent_name_are_found_by_their_content_type(examine):
    members = samples.office_members("docx")
    declared = '<Override PartName="/word/x.bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>'
    members["[Content_Types].xml"] = str(members["[Content_Types].xml"]).replace("</Types>", declared)
    assert examine(samples.archive({**members, "word/x.bin": b"macro"}), "docx")["code"] == "unsafe_content"


def test_a_part_that_declares_a_document_type_is_unsafe(examine):
    members = samples.office_members("docx")
    members["_rels/.rels"] = '<!DOCTYPE a [<!ENTITY b "c">]>' + str(members["_rels/.rels"])
    assert examine(samples.archive(members), "docx")["code"] == "unsafe_content"


def test_actions_in_a_pdf_are_flagged(examine, tmp_path):
    with pikepdf.new() as document:
        document.add_blank_page()
        document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
        document.Root.AA = pikepdf.Dictionary(WC=pikepdf.Dictionary(S=pikepdf.Name.Launch, F="cmd.exe"))
        document.save(tmp_path / "actions.pdf")
    assert examine((tmp_path / "actions.pdf").read_bytes(), "pdf")["flags"] == ("javascript", "launch")


# Hostile archives


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


def test_too_many_members_are_unsafe(examine):
    many = {f"word/{number}.xml": b"" for number in range(5001)}
    assert examine(samples.office("docx", many), "docx")["code"] == "unsafe_content"


# What is inside


def test_every_member_of_an_office_file_is_taken_out_under_a_number(examine, tmp_path):
    found = examine(samples.office("docx", {"word/media/image1.png": b"picture", "word/empty/": b""}), "docx")
    assert {member["name"] for member in found["members"]} == {
        *samples.office_members("docx"),
        "word/media/image1.png",
    }
    for member in found["members"]:
        assert member["file"].isdigit()
        assert (tmp_path / "members" / member["file"]).stat().st_size == member["size_bytes"]


def test_attachments_of_a_pdf_are_taken_out_whole(examine, tmp_path):
    found = examine(samples.pdf_with_attachment(b"attached" * 100_000), "pdf")
    assert found["flags"] == ("attachments",)
    assert [(member["name"], member["size_bytes"]) for member in found["members"]] == [("notes.bin", 800_000)]
    assert (tmp_path / "members" / "000001").read_bytes() == b"attached" * 100_000


def test_attachments_of_a_restricted_pdf_are_taken_out_readable(examine, tmp_path):
    plain = tmp_path / "plain.pdf"
    plain.write_bytes(samples.pdf_with_attachment(EICAR))
    with pikepdf.open(plain) as document:
        document.save(tmp_path / "locked.pdf", encryption=pikepdf.Encryption(owner="owner", user=""))
    examine((tmp_path / "locked.pdf").read_bytes(), "pdf")
    assert (tmp_path / "members" / "000001").read_bytes() == EICAR


async def test_a_virus_attached_to_a_pdf_is_found_among_its_members(examine, tmp_path, clamd_server):
    content = samples.pdf_with_attachment(EICAR)
    pool = ClamdPool([clamd_server.socket])
    found = examine(content, "pdf")
    outcomes = [await pool.scan_file(tmp_path / "members" / member["file"]) for member in found["members"]]
    assert [outcome.verdict for outcome in outcomes] == ["infected"]


def test_an_attachment_stored_in_an_unusual_way_is_held(examine, tmp_path):
    with pikepdf.new() as document:
        document.add_blank_page()
        stream = document.make_stream(EICAR.hex().encode(), Type=pikepdf.Name.EmbeddedFile)
        stream.Filter = pikepdf.Name.ASCIIHexDecode
        document.Root.Hidden = document.make_indirect(stream)
        document.save(tmp_path / "odd.pdf", compress_streams=False)
    assert examine((tmp_path / "odd.pdf").read_bytes(), "pdf")["code"] == "held_suspicious"


# Real files


def corpus_files(corpus: Path | None) -> list[Path]:
    if corpus is None:
        return []
    return [path for path in sorted(corpus.iterdir()) if path.suffix[1:] in CHECKED_EXTENSIONS]


def test_real_files_are_accepted_under_their_names_and_no_other(corpus, tmp_path):
    for path in corpus_files(corpus):
        own = path.suffix[1:]
        accepted = {
            extension
            for extension in FORMATS.extensions
            if inspect(path, tmp_path / path.name / extension, extension)["accepted"]
        }
        assert own in accepted, path.name
        assert all(same_family(own, extension) for extension in accepted), (path.name, accepted)


def test_real_files_that_were_cut_are_not_accepted(corpus, examine):
    for path in corpus_files(corpus):
        content = path.read_bytes()
        # A program may carry anything behind what its header tells of.
        if path.suffix[1:] not in {*samples.ENDLESS, "exe"}:
            assert not examine(content[: len(content) * 6 // 10], path.suffix[1:])["accepted"], path.name
