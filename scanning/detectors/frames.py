"""Films and recordings that are a row of units, each telling its own length and none how many follow."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from scanning.content import Content
from scanning.findings import Checked, Problem, suspicious

#: Returns the length in bytes of the unit at an index of some bytes; 0: none begins there.
LengthOf = Callable[[bytes, int], int]
_WINDOW_BYTES = 1 << 14
#: More than a day of sound. Beyond it only what is made of larger units is taken unwalked.
_MOST_UNITS = 4_000_000
_LEAST_UNIT_BYTES = 128
#: After a gap, this many units in a row are one again.
_RESUMED_UNITS = 4
_GAP_BYTES = 1 << 16
_MOST_GAPS = 100
#: Places in a gap that are tried: much that looks like a beginning is none.
_MOST_TRIES = 200


@dataclass(frozen=True, slots=True)
class Row:
    """How units are told."""

    length_of: LengthOf
    #: How many bytes `length_of` looks at.
    header_bytes: int
    #: What may begin a unit, to find the next one behind a gap.
    start: re.Pattern[bytes]


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk along the units found."""

    units: int
    #: Behind the last unit, in bytes from the start of the file; for one cut short, the end of the file.
    end: int
    #: The last unit reaches beyond the end of the file.
    cut: bool = False
    #: Bytes between units that are none.
    lost_bytes: int = 0


def walk(content: Content, offset: int, row: Row, most_units: int = _MOST_UNITS) -> Walk:
    """Step from unit to unit until there is none, or for `most_units`.

    Raises `Flawed` on more units, and smaller ones, than any recording has.
    """
    window, base, units, begin = b"", offset, 0, offset
    while units < most_units:
        if offset + row.header_bytes > base + len(window):
            window, base = content.at(offset, _WINDOW_BYTES), offset
        if len(window) - (offset - base) < row.header_bytes:
            break
        length = row.length_of(window, offset - base)
        if length <= 0:
            break
        if offset + length > content.size_bytes:
            return Walk(units, content.size_bytes, cut=True)
        units += 1
        offset += length
    if units == _MOST_UNITS and offset - begin < units * _LEAST_UNIT_BYTES:
        raise suspicious("it holds far more parts than such a file has")
    return Walk(units, offset)


def walk_over_gaps(content: Content, offset: int, row: Row) -> Walk:
    """Walk as far as units go on, over places where some bytes are lost."""
    found = walk(content, offset, row)
    for _ in range(_MOST_GAPS):
        resumed = None if found.cut else _resume(content, found.end, row)
        if resumed is None:
            break
        after = walk(content, resumed, row)
        lost = found.lost_bytes + resumed - found.end
        found = Walk(found.units + after.units, after.end, after.cut, lost)
    return found


def _resume(content: Content, offset: int, row: Row) -> int | None:
    """Return where units begin again soon after `offset`."""
    for tried, match in enumerate(row.start.finditer(content.at(offset, _GAP_BYTES))):
        if tried >= _MOST_TRIES:
            return None
        if walk(content, offset + match.start(), row, _RESUMED_UNITS).units == _RESUMED_UNITS:
            return offset + match.start()
    return None


def judge(content: Content, start: int, found: Walk, end: int | None = None) -> Checked:
    """Say what a walk that began at `start` means; `end`: where the file ends by other signs."""
    flags = {"cut_short"} if found.cut else set[str]()
    if found.lost_bytes:
        flags.add("repaired")
    whole = found.units < _MOST_UNITS
    covered = found.end - start - found.lost_bytes
    few = whole and covered * 2 < content.size_bytes - start
    return Checked(
        flags=frozenset(flags),
        facts={"units": found.units},
        end=(found.end if end is None else end) if whole else content.size_bytes,
        problems=(Problem("held_damaged", "less than half of it can be played"),) if few else (),
    )
