"""PDF, from its header to its last end mark, opened by qpdf in between.

Sources: ISO 32000-2, sections 7.5 (structure), 7.6 (encryption), 7.11.4 (embedded files), 12.6 (actions).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pikepdf
from pikepdf.settings import qpdf_limit_errors, set_qpdf_limits

from scanning.content import Content
from scanning.detector import Detector
from scanning.detectors import pdf_attachments
from scanning.detectors.pdf_objects import objects_of
from scanning.findings import Checked, Problem, damage, encrypted, suspicious
from scanning.members import Members

#: Readers look for the header in this many bytes (Adobe's implementation notes).
_HEADER_WITHIN_BYTES = 1024
_END_MARK = b"%%EOF"
_STEP_BYTES = 1 << 20
_BLANK = b"\xef\xbb\xbf\xff\xfe \t\r\n\f\0"
_MOST_OBJECTS = 250_000
#: Of qpdf's warnings: objects are lost, and with them what they would do.
_UNREADABLE = re.compile(r"error (?:decoding stream data|reading object)")
#: Of qpdf's for the whole process, which inspects and nothing else. Attachments it never unpacks.
_UNPACKED_BYTES, _MOST_WARNINGS = 64 << 20, 10_000
_LINEARIZED = re.compile(rb"/Linearized\b.{0,200}?/L\s+(\d{1,15})\b", re.DOTALL)
#: Kinds of actions that a reviewer should know of, to flag.
#: Keys that only such things have, to flag.
_KEYS = {"/JS": "javascript", "/XFA": "xfa", "/RichMediaContent": "rich_media"}
_ACTIONS = {"/JavaScript": "javascript", "/Launch": "launch", "/ImportData": "launch"}


@contextmanager
def _open(content: Content) -> Iterator[pikepdf.Pdf]:
    _check_objects(content)
    set_qpdf_limits(flate_max_memory=_UNPACKED_BYTES, doc_max_warnings=_MOST_WARNINGS)
    before = qpdf_limit_errors()
    try:
        with pikepdf.open(content.path) as pdf:
            yield pdf
            # What is over a limit is left out with no more than a warning.
            if qpdf_limit_errors() > before:
                raise suspicious("it holds far more parts than a document has")
    except pikepdf.PasswordError as error:
        raise encrypted() from error
    except (pikepdf.PdfError, pikepdf.DataDecodingError, ValueError, TypeError, KeyError) as error:
        raise damage("its structure is broken") from error


def _check(content: Content, _name: str) -> Checked:
    if content.head[: content.head.find(b"%PDF-")].strip(_BLANK):
        raise suspicious("something stands before the beginning of the document")
    end = _end(content)
    linear = _LINEARIZED.search(content.head)
    if linear and int(linear[1]) > content.size_bytes:
        raise damage("its end is missing")
    with _open(content) as pdf:
        pages = len(pdf.pages)
        if not pages:
            raise damage("it holds no page")
        flags = _flags(pdf)
        warnings = [str(warning) for warning in pdf.get_warnings()]
        if warnings:
            flags.add("repaired")
        lost = any(_UNREADABLE.search(warning) for warning in warnings)
        problems = (Problem("held_damaged", "a part of it cannot be read"),) if lost else ()
        return Checked(frozenset(flags), {"pages": pages}, end, problems)


def _check_objects(content: Content) -> None:
    """Raise `Flawed` for more objects than qpdf can read in bounded time and memory."""
    left = 2 * _MOST_OBJECTS
    for piece in content.pieces():
        # Each object has the word at its beginning and its end.
        left -= piece.count(b"obj")
        if left < 0:
            raise suspicious("it holds far more parts than a document has")


def _end(content: Content) -> int:
    """Return where the last end mark ends; raises `Flawed` if there is none."""
    stop = content.size_bytes
    while stop > 0:
        start = max(0, stop - _STEP_BYTES)
        at = content.at(start, stop - start + len(_END_MARK) - 1).rfind(_END_MARK)
        if at >= 0:
            return start + at + len(_END_MARK)
        stop = start
    raise damage("its end is missing")


def _flags(pdf: pikepdf.Pdf) -> set[str]:
    flags = {"restricted"} if pdf.is_encrypted else set[str]()
    for each in objects_of(pdf):
        flags |= _flags_of(each)
    return flags


def _flags_of(each: pikepdf.Object) -> set[str]:
    flags = {_ACTIONS[str(each.get("/S"))]} if str(each.get("/S")) in _ACTIONS else set[str]()
    flags |= {flag for key, flag in _KEYS.items() if key in each}
    if "/EF" in each or each.get("/Type") == "/EmbeddedFile":
        flags.add("attachments")
    return flags


def _extract(content: Content, members: Members) -> None:
    with _open(content) as pdf:
        pdf_attachments.extract(pdf, members)


DETECTOR = Detector(
    tells=frozenset({"pdf"}),
    looks_like=lambda head: b"%PDF-" in head[:_HEADER_WITHIN_BYTES],
    type_of=lambda _: "pdf",
    check=_check,
    extract=_extract,
)
