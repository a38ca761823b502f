"""Everything that lies inside a file, at every depth: taken out, and judged by what it would do."""

import re
from dataclasses import dataclass, replace

from scanning.content import Content, open_content
from scanning.detector import Detector
from scanning.detectors import elf, ole, pdf, pe, rtf, zipped
from scanning.findings import Finding, Flawed, Problem, suspicious
from scanning.identification import ask, with_problem
from scanning.members import Member, Members
from scanning.memory import sparing
from scanning.parts import check_part, is_text

#: What may hold more files, or is a program; everything else inside is only scanned.
_DETECTORS = (pe.DETECTOR, elf.DETECTOR, zipped.DETECTOR, ole.DETECTOR, rtf.DETECTOR, pdf.DETECTOR)
_DEEPEST = 5
#: Of all documents inside together.
_LONGEST_TEXT_BYTES = 128 << 20
_PROGRAMS = frozenset({"pe-exe", "pe-dll", "elf"})
#: Shortcuts, scripts, programs of macOS and of Java's virtual machine.
_PROGRAM_MAGICS = (
    b"L\0\0\0\x01\x14\x02\0",
    b"#!",
    b"\xcf\xfa\xed\xfe",
    b"\xce\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
)
#: Names of files that run when they are opened.
_PROGRAM_NAMES = re.compile(
    r"\.(?:exe|com|scr|pif|bat|cmd|ps1|vb[se]|jse?|ws[fh]|hta|lnk|msi|jar|cpl|reg|chm|scf)$", re.IGNORECASE
)
#: Types that may have macros themselves, so that those of what they hold are no surprise.
_WITH_MACROS = frozenset(
    {"doc", "xls", "ppt", "docm", "dotm", "xlsm", "xltm", "xlsb", "pptm", "potm", "ppsm", "odt", "ods", "odp"}
)
#: What a reviewer must know of a file inside as much as of the file.
_KEPT_FLAGS = frozenset({"macros", "javascript", "launch", "remote_parts"})


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What became of a file's inside."""

    finding: Finding
    #: Everything inside was written out to be scanned.
    whole: bool


def unpack(content: Content, finding: Finding, detector: Detector, members: Members) -> Unpacked:
    """Write out everything inside the file; return the finding with what was found on the way."""
    if detector.extract is None:
        return Unpacked(finding, whole=True)
    try:
        sparing(detector.extract, content, members)
        finding = _look_into(finding, members)
    except Flawed as flaw:
        return Unpacked(with_problem(finding, flaw.problem), whole=False)
    locked = any(problem == _LOCKED for problem in finding.problems)
    return Unpacked(finding, whole=not locked)


#: Problems of a file inside with which nothing is taken out of it.
_CLOSED = frozenset({"unsafe_content", "encrypted"})
_LOCKED = Problem("held_suspicious", "a file inside it is protected by a password")


def _look_into(finding: Finding, members: Members) -> Finding:
    """Look at every member, those that come to light meanwhile too."""
    looked = text_bytes = 0
    while looked < len(members.written):
        member = members.written[looked]
        looked += 1
        text_bytes += member.size_bytes if is_text(member.name) else 0
        if text_bytes > _LONGEST_TEXT_BYTES:
            raise suspicious("its text is far longer than a document's")
        with open_content(members.path(member)) as inner:
            finding = _add(finding, _flags(member, inner), ())
            finding = _look_at(finding, member, inner, members)
    return finding


def _flags(member: Member, inner: Content) -> frozenset[str]:
    if _PROGRAM_NAMES.search(member.name) or inner.head.startswith(_PROGRAM_MAGICS):
        raise suspicious("a program is inside it")
    return check_part(member.name, inner)


def _look_at(finding: Finding, member: Member, inner: Content, members: Members) -> Finding:
    for detector in _DETECTORS:
        known = ask(detector, inner) if detector.looks_like(inner.head) else None
        if known is None:
            continue
        if known.type in _PROGRAMS:
            raise suspicious("a program is inside it")
        if detector.extract and _CLOSED.isdisjoint(problem.code for problem in known.problems):
            _unpack_member(detector, member, inner, members)
        return _add(finding, known.checked.flags, known.problems)
    return finding


def _unpack_member(detector: Detector, member: Member, inner: Content, members: Members) -> None:
    if member.depth >= _DEEPEST:
        raise suspicious("files lie inside files in it, deeper than can be checked")
    members.holder = member
    try:
        if detector.extract:
            sparing(detector.extract, inner, members)
    except Flawed as flaw:
        # What is broken inside was scanned as it is; what is built to do harm was not.
        if flaw.problem.code not in {"damaged", "encrypted"}:
            raise
    finally:
        members.holder = None


def _add(finding: Finding, flags: frozenset[str], problems: tuple[Problem, ...]) -> Finding:
    """Return the finding of the whole with what was found of a file inside."""
    kept = flags & _KEPT_FLAGS
    found = [_SEEN_FROM_OUTSIDE.get(problem.code, problem) for problem in problems]
    added = {problem for problem in found if problem is not None}
    if "macros" in kept and finding.type not in _WITH_MACROS:
        added.add(Problem("held_suspicious", "a document inside it has macros"))
        kept -= {"macros"}
    if any(problem is None for problem in found):
        kept |= {"damaged_inside"}
    checked = finding.checked
    new = tuple(sorted(added - set(checked.problems), key=lambda problem: problem.problem))
    return replace(
        finding, checked=replace(checked, flags=checked.flags | kept, problems=checked.problems + new)
    )


#: What a problem of a file inside is to the whole, where not the same; `None`: a flag.
_SEEN_FROM_OUTSIDE: dict[str, Problem | None] = {
    "encrypted": _LOCKED,
    "damaged": None,
    "held_damaged": None,
}
