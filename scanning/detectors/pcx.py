"""PCX pictures: the header's geometry, and as many bytes of pixels as it tells of.

Source: ZSoft, "PCX File Format Technical Reference Manual", 1991.
"""

import re
import struct
from dataclasses import dataclass

from scanning.content import Content
from scanning.detector import Detector
from scanning.findings import Checked, damage, suspicious

#: Magic, version, whether packed, bits, window, resolution, colours, reserved, planes, bytes a line.
_HEADER = struct.Struct("<BBBBHHHHHH48sBBH")
_HEADER_BYTES = 128
_VERSIONS, _DEPTHS = frozenset({0, 2, 3, 4, 5}), frozenset({1, 2, 4, 8})
_MOST_PLANES = 4
_PALETTE, _PALETTE_BYTES = 0x0C, 769
_PIECE_BYTES = 1 << 16
#: A photograph of 30 million pixels has fewer; more would cost many seconds.
_MOST_RUNS = 10_000_000
#: A count and the byte that is repeated so often, or bytes that stand for themselves.
_RUN = re.compile(rb"([\xc0-\xff])[\0-\xff]|([\0-\xbf]+)")


@dataclass(frozen=True, slots=True)
class _Picture:
    width: int
    height: int
    depth: int
    planes: int
    line_bytes: int
    packed: bool

    @property
    def needed_bytes(self) -> int:
        return self.height * self.planes * self.line_bytes


def _picture(head: bytes) -> _Picture | None:
    """Return the geometry, `None` if the header is no PCX picture's."""
    if len(head) < _HEADER_BYTES:
        return None
    magic, version, packed, depth, left, top, right, bottom, *_, reserved, planes, line_bytes = (
        _HEADER.unpack_from(head)
    )
    width, height = right - left + 1, bottom - top + 1
    known = magic == 0x0A and version in _VERSIONS and packed in {0, 1} and depth in _DEPTHS
    if not known or reserved or not 0 < planes <= _MOST_PLANES or width < 1 or height < 1:
        return None
    if not (width * depth + 7) // 8 <= line_bytes <= (width * depth + 7) // 8 + 64:
        return None
    return _Picture(width, height, depth, planes, line_bytes, bool(packed))


def _type_of(content: Content) -> str | None:
    return "pcx" if _picture(content.head) else None


def _check(content: Content, _name: str) -> Checked:
    picture = _picture(content.head)
    if picture is None:
        raise damage("its header cannot be read")
    end = (
        _packed_end(content, picture.needed_bytes) if picture.packed else _HEADER_BYTES + picture.needed_bytes
    )
    if end > content.size_bytes:
        raise damage("the lower part of the picture is missing")
    if picture.depth == 8 and picture.planes == 1:
        palette = content.find(re.compile(rb"[^\0]"), end)
        if palette is None or content.at(palette, 1)[0] != _PALETTE:
            raise damage("its colours are missing")
        content.exactly(palette, _PALETTE_BYTES)
        end = palette + _PALETTE_BYTES
    return Checked(facts={"width": picture.width, "height": picture.height}, end=end)


def _packed_end(content: Content, needed: int) -> int:
    """Return where the bytes end that unpack to `needed` ones; raises `Flawed` if there are too few."""
    offset, runs = _HEADER_BYTES, 0
    while needed > 0 and (piece := content.at(offset, _PIECE_BYTES)):
        used, made, count = _unpacked(piece, needed)
        if not used:
            break
        offset, needed, runs = offset + used, needed - made, runs + count
        if runs > _MOST_RUNS:
            raise suspicious("it holds far more parts than such a file has")
    if needed > 0:
        raise damage("the lower part of the picture is missing")
    return offset


def _unpacked(piece: bytes, needed: int) -> tuple[int, int, int]:
    """Return how many bytes of `piece` become up to `needed` ones, how many those are, and the runs."""
    used = made = runs = 0
    for run in _RUN.finditer(piece):
        count, plain = run.groups()
        runs += 1
        if plain is None:
            made += count[0] & 0x3F
            used = run.end()
        else:
            taken = min(len(plain), needed - made)
            made += taken
            used = run.start() + taken
        if made >= needed:
            break
    return used, made, runs


DETECTOR = Detector(
    tells=frozenset({"pcx"}),
    looks_like=lambda head: _picture(head) is not None,
    type_of=_type_of,
    check=_check,
)
