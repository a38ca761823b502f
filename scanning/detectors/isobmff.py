"""The family of QuickTime, MP4, 3GP and HEIC: told by brands, walked box by box to the end of the file.

Sources: ISO/IEC 14496-12, sections 4.2, 4.3 and 8.4.3; ISO/IEC 23008-12, annex B; Apple, "QuickTime File
Format"; the registry of brands at mp4ra.org.
"""

import struct

from scanning.content import Content
from scanning.detector import Detector
from scanning.detectors.boxes import OLD_FIRST, Box, boxes, inside
from scanning.detectors.film_references import check_references
from scanning.findings import Checked, damage
from scanning.pixels import check_size

#: Type to its brands. The first known brand decides: the major one, then the compatible ones in order.
_BRANDS_OF = {
    "quicktime": "qt",
    "m4a": "M4A",
    "m4b": "M4B",
    "m4v": "M4V M4VH M4VP",
    "3g2": "3g2a 3g2b 3g2c KDDI",
    "3gp": "3ge6 3ge7 3ge9 3gg6 3gg9 3gr6 3gr9 3gs6 3gs7 3gs9 3gp1 3gp2 3gp3 3gp4 3gp5 3gp6 3gp7 3gp8 3gp9",
    "heic": "heic heix heim heis hevc hevx hevm hevs",
    "avif": "avif avis",
    "mp4": "isom iso2 iso3 iso4 iso5 iso6 iso7 iso8 iso9 mp41 mp42 mp71 avc1 hvc1 av01 dash "
    "cmfc cmf2 isml piff dby1 MSNV mmp4 XAVC CAEP niko SDV F4V",
}
_BRANDS = {brand.ljust(4).encode(): name for name, brands in _BRANDS_OF.items() for brand in brands.split()}
_MEDIA = frozenset({b"mdat", b"moof"})
_PICTURES = frozenset({"heic", "avif"})
_FILMS = {b"vide": "video", b"soun": "audio", b"pict": "picture"}


def _looks_like(head: bytes) -> bool:
    kind = head[4:8]
    return kind == b"ftyp" or (kind in OLD_FIRST and head[:4] < b"\x80")


def _type_of(content: Content) -> str | None:
    if content.head[4:8] != b"ftyp":
        return "quicktime"
    size = min(int.from_bytes(content.head[:4], "big"), len(content.head))
    major, compatible = content.head[8:12], content.head[16:size]
    brands = (major, *(compatible[at : at + 4] for at in range(0, len(compatible), 4)))
    return next((_BRANDS[brand] for brand in brands if brand in _BRANDS), None)


def _check(content: Content, name: str) -> Checked:
    found, end, moov, meta = set[bytes](), 0, None, None
    for box in boxes(content, 0, content.size_bytes):
        found.add(box.kind)
        end = box.end
        moov = box if box.kind == b"moov" else moov
        meta = box if box.kind == b"meta" else meta
    if name in _PICTURES:
        if meta is None and moov is None:
            raise damage("its index is missing")
        return Checked(facts=_size(content, meta) if meta else {}, end=end)
    if moov is None:
        raise damage("its index is missing, so nothing of it can be played")
    if not found & _MEDIA:
        raise damage("the pictures and the sound themselves are missing")
    check_references(content, moov)
    tracks = _tracks(content, moov)
    if not tracks.keys() & {"video", "audio"}:
        raise damage("it holds neither pictures nor sound")
    return Checked(facts={"tracks": tracks}, end=end)


def _tracks(content: Content, moov: Box) -> dict[str, int]:
    """Count the tracks of a film by what they carry."""
    counts: dict[str, int] = {}
    for handler in inside(content, moov, b"trak", b"mdia", b"hdlr"):
        kind = _FILMS.get(content.exactly(handler.start + 8, 4), "other")
        counts[kind] = counts.get(kind, 0) + 1
    return counts


def _size(content: Content, meta: Box) -> dict[str, int]:
    """Return the sides of the largest picture that the properties tell of."""
    # Before the boxes inside stand version and flags.
    within = Box(meta.kind, meta.start + 4, meta.end)
    sizes = [
        struct.unpack(">II", content.exactly(box.start + 4, 8))
        for box in inside(content, within, b"iprp", b"ipco", b"ispe")
    ]
    for width, height in sizes:
        check_size(width, height)
    if not sizes:
        return {}
    width, height = max(sizes, key=lambda size: int(size[0] * size[1]))
    return {"width": width, "height": height}


DETECTOR = Detector(tells=frozenset(_BRANDS_OF), looks_like=_looks_like, type_of=_type_of, check=_check)
