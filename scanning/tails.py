"""What stands behind the end of a file: harmless filling, a camera's extras, or a second file in hiding.

Readers of ZIP look for its directory at the end of a file and take no notice of what comes first, so one
file can be a picture to one program and an archive to another.
"""

import re
import struct
from dataclasses import replace

from scanning.content import Content
from scanning.findings import Checked, Problem
from scanning.markup import markup_of

_FOREIGN = {
    b"MZ": "a program",
    b"\x7fELF": "a program",
    b"#!": "a program",
    b"PK\x03\x04": "an archive",
    b"Rar!": "an archive",
    b"7z\xbc\xaf\x27\x1c": "an archive",
    b"%PDF-": "a PDF",
    b"\xd0\xcf\x11\xe0": "an Office file",
}
#: What only programs say; pictures made to be scripts as well end so.
_CODE = re.compile(
    rb"<\?php|<script|^\s*\*/|\b(?:eval|alert|function|require|import)\s*\(|\bexec\b", re.IGNORECASE
)
_NOT_BLANK = re.compile(rb"[^\0\s]")
_DIRECTORY_END = b"PK\x05\x06"
_DIRECTORY_END_BYTES = 22
_LONGEST_COMMENT_BYTES = 65_535


def check_tail(content: Content, checked: Checked) -> Checked:
    """Return `checked` with what stands behind its end as a flag or a problem."""
    foreign, flags = _behind(content, checked.end)
    if not foreign and checked.end is not None and _ends_as_archive(content):
        foreign = "an archive"
    if not foreign:
        return replace(checked, flags=checked.flags | flags)
    problem = Problem("held_suspicious", f"behind the end of it stands {foreign}")
    return replace(checked, problems=(*checked.problems, problem))


def _behind(content: Content, end: int | None) -> tuple[str | None, frozenset[str]]:
    if end is None:
        return None, frozenset()
    start = content.find(_NOT_BLANK, end)
    if start is None:
        return None, frozenset()
    tail = content.at(start, 4096)
    for magic, what in _FOREIGN.items():
        if tail.startswith(magic):
            return what, frozenset()
    if markup_of(tail):
        return "a web page", frozenset()
    if b"\0" not in tail and _CODE.search(tail):
        return "a script", frozenset()
    return None, frozenset({"trailing_bytes"})


def _ends_as_archive(content: Content) -> bool:
    reach = min(content.size_bytes, _DIRECTORY_END_BYTES + _LONGEST_COMMENT_BYTES)
    tail = content.at(content.size_bytes - reach, reach)
    at = tail.rfind(_DIRECTORY_END)
    if at < 0 or len(tail) - at < _DIRECTORY_END_BYTES:
        return False
    directory_bytes, _, comment_bytes = struct.unpack("<IIH", tail[at + 12 : at + 22])
    start = content.size_bytes - reach + at - directory_bytes
    fits = at + _DIRECTORY_END_BYTES + comment_bytes <= len(tail) and start >= 0
    return fits and content.at(start, 4) in {b"PK\x01\x02", _DIRECTORY_END}
