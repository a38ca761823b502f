import pytest

from tests.scanning import samples


def test_pages_of_2009_is_accepted(examine):
    assert examine(samples.old_pages(), "pages")["type"] == "pages"


@pytest.mark.parametrize(
    "content", [samples.pages(1), samples.old_pages("ls:document"), samples.old_pages("key:presentation")]
)
def test_other_documents_of_the_suite_are_named(examine, content):
    found = examine(content, "pages")
    assert (found["code"], found["type"]) == ("content_mismatch", "iwork")


@pytest.mark.parametrize(
    "archive", [b"", b"\0", b"\1\0\0\0", b"\0\5\0\0\x7f\xff\xff\xff", b"\0\5\0\0\x20\x01\x00\x00\x00"]
)
def test_a_broken_part_is_damage(examine, archive):
    assert examine(samples.archive({"Index/Document.iwa": archive}), "pages")["code"] == "damaged"


def test_a_document_with_a_password_is_encrypted(examine):
    content = samples.archive({"Index/Document.iwa": b"scrambled", ".iwpv2": b"verifier"})
    assert examine(content, "pages")["code"] == "encrypted"


def test_an_archive_with_an_index_of_its_own_is_an_archive(examine):
    assert examine(samples.old_pages("catalogue"), "pages")["type"] == "zip"
