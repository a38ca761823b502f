"""Everything that is a ZIP archive: office files of three families, and archives as such."""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass

from scanning.archive import check_members, extract_members, open_archive
from scanning.content import Content
from scanning.detector import Detector
from scanning.detectors import iwork, odf, ooxml
from scanning.findings import Checked, suspicious


@dataclass(frozen=True, slots=True)
class _Family:
    """A family of archives, known by having one of some members."""

    members: frozenset[str]
    types: frozenset[str]
    type_of: Callable[[zipfile.ZipFile], str | None]
    check: Callable[[zipfile.ZipFile, str], Checked]


_FAMILIES = (
    _Family(frozenset({ooxml.CONTENT_TYPES}), frozenset(ooxml.TYPES.values()), ooxml.type_of, ooxml.check),
    _Family(frozenset({odf.MIMETYPE}), frozenset(odf.TYPES.values()), odf.type_of, odf.check),
    _Family(iwork.MEMBERS, iwork.TYPES, iwork.type_of, iwork.check),
)
_OFFICE_TYPES = frozenset[str]().union(*(family.types for family in _FAMILIES))


def _type_of(content: Content) -> str | None:
    with open_archive(content) as archive:
        names = frozenset(archive.namelist())
        families = [family for family in _FAMILIES if family.members & names]
        if len(families) > 1:
            raise suspicious("it is two kinds of document at once")
        if families:
            return families[0].type_of(archive) or "zip"
    return "zip"


def _check(content: Content, name: str) -> Checked:
    with open_archive(content) as archive:
        check_members(content, archive)
        for family in _FAMILIES:
            if name in family.types:
                return family.check(archive, name)
        return Checked()


DETECTOR = Detector(
    tells=_OFFICE_TYPES | {"zip"},
    looks_like=lambda head: head.startswith((b"PK\x03\x04", b"PK\x05\x06")),
    type_of=_type_of,
    check=_check,
    extract=extract_members,
    container="zip",
    may_hide=_OFFICE_TYPES,
)
