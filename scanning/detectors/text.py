"""Plain text, web pages and SVG drawings: bytes that decode without a single error, and hold no controls.

What begins as RTF is none of these. Source of the markup rules: `scanning.markup`.
"""

import codecs
import re
from collections.abc import Iterable

from scanning.content import Content
from scanning.detector import Detector
from scanning.findings import Checked
from scanning.markup import markup_of

#: By byte-order mark. UTF-32 is not taken: its mark begins as UTF-16's, whose decoder then finds NULs.
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
#: Without one: the stricter first. Windows-1252 leaves five bytes undefined, on which decoding fails.
_GUESSES = ("utf-8", "cp1252")
#: All controls but tab, line feed, form feed, carriage return, and the end mark of old editors.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x19\x1b-\x1f\x7f]")
#: Of text in the old Western encoding, at least this share is ASCII.
_LEAST_ASCII = 0.6


def _encoding_of(content: Content) -> str | None:
    """Return the encoding in which the whole file is text."""
    marked = next((name for mark, name in _MARKS.items() if content.head.startswith(mark)), None)
    for name in (marked,) if marked else _GUESSES:
        if _decodes(content.pieces(), name):
            return name
    return None


def _decodes(pieces: Iterable[bytes], encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    total = plain = 0
    try:
        for piece in pieces:
            text = decoder.decode(piece)
            if _CONTROLS.search(text):
                return False
            total += len(text)
            plain += len(text.encode("ascii", "ignore")) if encoding == "cp1252" else len(text)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return total > 0 and plain >= total * _LEAST_ASCII


def _looks_like(head: bytes) -> bool:
    return head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" not in head


def _type_of(content: Content) -> str | None:
    encoding = _encoding_of(content)
    if encoding is None:
        return None
    start = content.head.decode(encoding, "ignore").encode()
    markup = markup_of(start)
    return {None: "text", "html": "html", "svg": "svg"}.get(markup)


#: What makes a page do things by itself, to flag; table programs take the last for a command.
_ACTIVE = {
    "html": {
        re.compile(rb"<script\b|\bon[a-z]{3,20}\s*=|javascript:", re.IGNORECASE): "scripts",
        re.compile(rb"<(?:iframe|frame|object|embed|applet)\b", re.IGNORECASE): "frames",
        re.compile(rb"http-equiv\s*=\s*[\"']?refresh", re.IGNORECASE): "redirect",
    },
    "text": {re.compile(rb"(?:^|[,;\t\n\"])\s*[=+@-][^\r\n|]{1,100}\|[^\r\n!]{1,200}!"): "commands"},
}
_KEPT_BYTES = 512


def _check(content: Content, name: str) -> Checked:
    """Return what is active in it; to tell the type, every byte was read."""
    flags, kept = set[str](), b""
    for piece in content.pieces():
        text = kept + piece.replace(b"\0", b"")
        flags |= {flag for pattern, flag in _ACTIVE.get(name, {}).items() if pattern.search(text)}
        kept = text[-_KEPT_BYTES:]
    return Checked(flags=frozenset(flags))


DETECTOR = Detector(
    tells=frozenset({"text", "html", "svg"}),
    looks_like=_looks_like,
    type_of=_type_of,
    check=_check,
)
