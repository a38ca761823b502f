"""Films, programs, texts and web pages that are not, or not only, what they say."""

import struct

from tests.scanning import samples
from tests.scanning.hostile.case import DAMAGED, HELD, MISMATCH, Case, flagged


def film_of_another(flags: int, kind: bytes = b"url ", content: bytes = b"file:///etc/passwd\0") -> bytes:
    """A film whose one track says where its data lie."""
    entry = samples.box(kind, struct.pack(">I", flags), content)
    references = samples.box(b"dref", bytes(4), struct.pack(">I", 1), entry)
    handler = samples.box(b"hdlr", bytes(8) + b"vide" + bytes(13))
    media = samples.box(b"mdia", handler, samples.box(b"minf", samples.box(b"dinf", references)))
    moov = samples.box(b"moov", samples.box(b"trak", media))
    return samples.box(b"ftyp", b"isom", bytes(4), b"isom") + moov + samples.box(b"mdat", bytes(500))


def pointer() -> bytes:
    """A film of QuickTime that only says where another lies."""
    address = samples.box(b"rdrf", bytes(4), b"url ", struct.pack(">I", 26), b"http://evil.example/a.mov\0")
    moov = samples.box(b"moov", samples.box(b"rmra", samples.box(b"rmda", address)), samples.track(b"vide"))
    return samples.box(b"ftyp", b"qt  ", bytes(4)) + moov + samples.box(b"mdat", bytes(500))


LIST = b"ffconcat version 1.0\nfile /etc/passwd\n"
PLAYLIST = b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:10,\nfile:///etc/passwd\n"
MEDIA_ONLY = samples.box(b"ftyp", b"isom", bytes(4)) + samples.box(b"mdat", bytes(5000))
SHEET = b"name,mark\nAda,5\n\"=cmd|'/C calc'!A0\",3\n"

CASES = (
    Case("a list of ffmpeg's named mp4", lambda: LIST, "mp4", MISMATCH, told="text"),
    Case("a playlist named mp4", lambda: PLAYLIST, "mp4", MISMATCH, told="text"),
    Case("a playlist named avi", lambda: PLAYLIST, "avi", MISMATCH, told="text"),
    Case("a film without its index", lambda: MEDIA_ONLY, "mp4", DAMAGED, told="index"),
    Case("a film without its pictures", lambda: samples.film(b"isom")[:-508], "mp4", DAMAGED),
    Case(
        "a film whose pictures lie in another file",
        lambda: film_of_another(0),
        "mp4",
        HELD,
        told="another file",
    ),
    Case(
        "the same, by an alias",
        lambda: film_of_another(0, b"alis", bytes(100)),
        "mp4",
        HELD,
        told="another file",
    ),
    flagged("a film whose pictures lie in itself", lambda: film_of_another(1, content=b""), "mp4"),
    Case("a film that points to another", pointer, "mov", HELD, told="elsewhere"),
    Case(
        "an archive behind a film",
        lambda: samples.film(b"isom") + samples.archive({"a": "b"}),
        "mp4",
        HELD,
        told="archive",
    ),
    Case(
        "a program behind a recording",
        lambda: samples.GENUINE["wav"] + samples.program(),
        "wav",
        HELD,
        told="program",
    ),
    Case("WebM named mkv", lambda: samples.matroska(b"webm"), "mkv", MISMATCH, told="WebM"),
    Case(
        "an archive behind a program",
        lambda: samples.program() + samples.archive({"a": "b"}),
        "exe",
        HELD,
        told="archive",
    ),
    Case(
        "a program with a document behind it named docx",
        lambda: samples.program() + samples.office("docx"),
        "docx",
        MISMATCH,
        told="program",
    ),
    Case("a library named exe", lambda: samples.program(library=True), "exe", MISMATCH, told="library"),
    Case(
        "a program of Linux named exe", lambda: samples.NEVER_ACCEPTED["elf"], "exe", MISMATCH, told="Linux"
    ),
    Case("a web page named txt", lambda: samples.GENUINE["html"], "txt", MISMATCH, told="web page"),
    Case("rich text named doc", samples.rich_text, "doc", MISMATCH, told="rich text"),
    Case("a table of text named xls", lambda: b"a,b\n1,2\n", "xls", MISMATCH, told="text"),
    Case(
        "rich text with a file behind it",
        lambda: samples.rich_text() + samples.program(),
        "rtf",
        HELD,
        told="program",
    ),
    flagged(
        "a page with a script", lambda: b"<!DOCTYPE html><p>x</p><script>alert(1)</script>", "html", "scripts"
    ),
    flagged("a page with a handler", lambda: b"<!DOCTYPE html><body onload = 'go()'>", "html", "scripts"),
    flagged(
        "a page with a frame",
        lambda: b"<!DOCTYPE html><iframe src='https://example.org'></iframe>",
        "html",
        "frames",
    ),
    flagged(
        "a page that goes elsewhere",
        lambda: b"<!DOCTYPE html><meta http-equiv='refresh' content='0;url=/'>",
        "html",
        "redirect",
    ),
    flagged(
        "a page with a script in UTF-16",
        lambda: "<html><script>x</script>".encode("utf-16"),
        "html",
        "scripts",
    ),
    flagged("a table that starts a program", lambda: SHEET, "txt", "commands"),
)
