import pytest


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
