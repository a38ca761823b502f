"""Files embedded in rich text, decoded from their hexadecimal digits.

Source: Microsoft, "Rich Text Format (RTF) Specification", version 1.9.1, "Objects".
"""

import re
from collections.abc import Iterator
from itertools import chain

from scanning.content import Content
from scanning.findings import suspicious
from scanning.members import Members
from scanning.packages import HEADER_BYTES, first_generation

_FIRST_PIECE_BYTES, _PIECE_BYTES = 1 << 12, 1 << 20
#: Objects that lie in one another are decoded again and again: of all so much, in sizes of the file.
_MOST_READINGS = 3
_OBJECT = re.compile(rb"\\objdata(?![a-zA-Z])")
_OBJECT_BYTES = len(rb"\objdata") + 1
#: Everything but digits and braces that a reader skips: words with their numbers, escaped characters.
_SKIPPED = re.compile(rb"\\(?:[a-zA-Z]{1,32}-?\d{0,10} ?|'[0-9a-fA-F]{2}|[^a-zA-Z])")
_LONGEST_SKIPPED_BYTES = 48
_BINARY = re.compile(rb"\\bin(\d{1,10}) ?")
_BRACES = re.compile(rb"[{}]")
_NO_DIGITS = bytes(set(range(256)) - set(b"0123456789abcdefABCDEF"))


def extract(content: Content, members: Members) -> None:
    """Write out every embedded object; raises `Flawed`."""
    left = _MOST_READINGS * content.size_bytes
    for start in _objects(content):
        text = _Text(content, start)
        members.write(*_unwrapped(text.decoded()))
        left -= text.place - start
        if left < 0:
            raise suspicious("it holds far more parts than such a file has")


def _objects(content: Content) -> Iterator[int]:
    """Yield where the data of each object begin."""
    offset, kept = 0, b""
    for piece in content.pieces():
        data = kept + piece
        for match in _OBJECT.finditer(data):
            yield offset - len(kept) + match.end()
        offset += len(piece)
        kept = data[-_OBJECT_BYTES:] if not _OBJECT.search(data, len(data) - _OBJECT_BYTES) else b""


def _unwrapped(pieces: Iterator[bytes]) -> tuple[str, Iterator[bytes]]:
    """Return name and bytes of the file that an object wraps."""
    head = b""
    for piece in pieces:
        head += piece
        if len(head) >= HEADER_BYTES:
            break
    # How long the object is shows only at its end.
    wrapped = first_generation(head, 1 << 62)
    return wrapped.name or "object", _cut(chain((head,), pieces), wrapped.offset, wrapped.length)


def _cut(pieces: Iterator[bytes], skipped: int, left: int) -> Iterator[bytes]:
    for piece in pieces:
        kept = piece[skipped:][:left]
        skipped = max(0, skipped - len(piece))
        left -= len(kept)
        yield kept


class _Text:
    """The text of one object, from `place` on."""

    def __init__(self, content: Content, place: int) -> None:
        self._content = content
        self.place = place

    def decoded(self) -> Iterator[bytes]:
        """Yield the object's bytes up to the brace that closes its group."""
        depth, digits, length = 1, b"", _FIRST_PIECE_BYTES
        while depth and (data := self._content.at(self.place, length)):
            is_last = self.place + len(data) >= self._content.size_bytes
            text, raw_bytes = _text(data, is_last=is_last)
            plain, depth = _within(_SKIPPED.sub(b"", text), depth)
            digits += plain.translate(None, _NO_DIGITS)
            even = len(digits) & ~1
            yield bytes.fromhex(digits[:even].decode("ascii"))
            digits = digits[even:]
            self.place += len(text)
            if raw_bytes and depth:
                yield from self._content.pieces(self.place, self.place + raw_bytes)
            self.place += raw_bytes
            length = min(2 * length, _PIECE_BYTES)


def _text(data: bytes, *, is_last: bool) -> tuple[bytes, int]:
    """Return the text up to raw bytes, or up to what may go on behind this piece, and how many are raw."""
    binary = _BINARY.search(data)
    if binary and (is_last or binary.end() < len(data)):
        return data[: binary.end()], int(binary[1])
    word = -1 if is_last else data.rfind(b"\\", len(data) - _LONGEST_SKIPPED_BYTES)
    return (data[:word] if word > 0 else data), 0


def _within(text: bytes, depth: int) -> tuple[bytes, int]:
    """Return what stands before the brace that closes the group, and how deep it goes on: 0 at its end."""
    for brace in _BRACES.finditer(text):
        depth += 1 if brace[0] == b"{" else -1
        if not depth:
            return text[: brace.start()], 0
    return text, depth
