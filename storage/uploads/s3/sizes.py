"""How large the parts of a multipart upload are. Pure.

"Maximum number of parts per upload: 10,000", "Part size: 5 MiB to 5 GiB; there is no minimum size limit on
the last part" (Amazon S3 User Guide, "Multipart upload limits").
"""

from dataclasses import dataclass

_MIB = 1 << 20
_GIB = 1 << 30
#: Every part but the last has as many bytes at least.
LEAST_BYTES = 5 * _MIB


@dataclass(frozen=True, slots=True)
class PartSizes:
    """How many bytes a part has, by where it begins; every part but the last has exactly as many."""

    #: Offsets in bytes and the size of the parts from there on, ascending from 0.
    steps: tuple[tuple[int, int], ...]

    def at(self, offset: int) -> int:
        """Return the size in bytes of the part that begins at an offset."""
        return max(step for step in self.steps if step[0] <= offset)[1]

    def count(self, length_bytes: int) -> int:
        """Return how many parts an upload of that length has."""
        ends = [*(first for first, _ in self.steps[1:]), length_bytes]
        spans = (
            (min(end, length_bytes) - first, size)
            for (first, size), end in zip(self.steps, ends, strict=True)
        )
        return sum(-(-span // size) for span, size in spans if span > 0)


#: 50 GB are 3,030 parts: two thirds of the numbers may be wasted by writers that were cut or taken over.
#: Up to 800 GiB fit.
GROWING = PartSizes(((0, 8 * _MIB), (16 * _GIB, 32 * _MIB), (64 * _GIB, 128 * _MIB)))


def equal(part_bytes: int) -> PartSizes:
    """Return sizes for stores that want all parts but the last to be equal."""
    return PartSizes(((0, part_bytes),))
