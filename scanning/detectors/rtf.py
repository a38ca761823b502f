"""Rich text: one group in braces, followed to the brace that closes it.

Source: Microsoft, "Rich Text Format (RTF) Specification", version 1.9.1.
"""

import re
from itertools import accumulate

from scanning.content import Content
from scanning.detector import Detector
from scanning.detectors import rtf_objects
from scanning.findings import Checked, damage, suspicious

_PIECE_BYTES = 1 << 16
#: Each of them costs one more reading of a piece.
_MOST_BINARIES = 10_000
_OPEN, _CLOSE = b"{}"
_NO_BRACES = bytes(set(range(256)) - {_OPEN, _CLOSE})
#: Bytes that are no text follow, as many as the number says.
_BINARY = re.compile(rb"\\bin(\d{1,10}) ?")
_LONGEST_WORD_BYTES = 48
#: Groups without a brace between theirs say nothing of where the outermost is closed.
_EMPTY_GROUP, _FOLDS = b"{}", 4
_ATTACHMENT = re.compile(rb"\\obj(?:data|emb|link|autlink|ocx)")
#: Words that make a reader start a program, or fetch a template that may hold macros.
_ACTIVE = {
    re.compile(
        rb"\\fldinst[^\\{}]{0,16}(?:[{}]|\\[a-z]{1,32}-?\d{0,10} ?|[^\\{}A-Za-z])*DDE(?:AUTO)?\b",
        re.IGNORECASE,
    ): ("a field in it starts another program (DDE)"),
    re.compile(
        rb"\\template\b[^\\{}]{0,16}(?:https?|ftp):", re.IGNORECASE
    ): "it fetches its template from elsewhere",
}
_STEP = {_OPEN: 1, _CLOSE: -1}


def _check(content: Content, _name: str) -> Checked:
    offset, depth, flags, binaries = 0, 0, set[str](), 0
    while data := content.at(offset, _PIECE_BYTES):
        piece, skipped = _text(data, is_last=offset + len(data) >= content.size_bytes)
        if _ATTACHMENT.search(piece):
            flags.add("attachments")
        for words, problem in _ACTIVE.items():
            if words.search(piece):
                raise suspicious(problem)
        closed = _closing(piece, depth)
        if closed is not None:
            return Checked(flags=frozenset(flags), end=offset + closed + 1)
        binaries += skipped is not None
        if binaries > _MOST_BINARIES:
            raise suspicious("it holds far more parts than such a file has")
        depth += piece.count(_OPEN) - piece.count(_CLOSE)
        offset += len(piece) + (skipped or 0)
    raise damage("its end is missing")


def _text(data: bytes, *, is_last: bool) -> tuple[bytes, int | None]:
    """Return a piece up to its first bytes that are no text, its escapes blanked, and how many those are."""
    plain = data.replace(b"\\\\", b"  ").replace(b"\\{", b"  ").replace(b"\\}", b"  ")
    binary = _BINARY.search(plain)
    if binary and (is_last or binary.end() < len(plain)):
        return plain[: binary.end()], int(binary[1])
    # A word at the border of two pieces is left to the second.
    word = -1 if is_last else plain.rfind(b"\\", len(plain) - _LONGEST_WORD_BYTES)
    return (plain[:word] if word > 0 else plain), None


def _closing(piece: bytes, depth: int) -> int | None:
    """Return where the outermost group is closed in `piece`, which begins `depth` groups deep."""
    if depth > piece.count(_CLOSE):
        return None
    braces = piece.translate(None, _NO_BRACES)
    if depth and depth > _folded(braces).count(_CLOSE):
        return None
    for number, level in enumerate(accumulate((_STEP[brace] for brace in braces), initial=depth)):
        if number and level == 0:
            return _place(piece, number)
    return None


def _folded(braces: bytes) -> bytes:
    for _ in range(_FOLDS):
        braces = braces.replace(_EMPTY_GROUP, b"")
    return braces


def _place(piece: bytes, number: int) -> int:
    """Return where the brace of that number (from 1) stands."""
    found = (match.start() for match in re.finditer(rb"[{}]", piece))
    return next(place for count, place in enumerate(found, 1) if count == number)


DETECTOR = Detector(
    tells=frozenset({"rtf"}),
    looks_like=lambda head: head.startswith(b"{\\rtf"),
    type_of=lambda _: "rtf",
    check=_check,
    extract=rtf_objects.extract,
)
