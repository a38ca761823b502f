"""What single parts of office files may not say, whatever document they belong to.

A part is looked at as text, where it lies written out: nothing in it is ever followed.
Sources: ECMA-376, part 1, 17.16.5.18 (DDE fields), 18.14 (links of workbooks), part 2, section 6.5
(relationships) and 6.2.5 (no document types); OASIS, "OpenDocument v1.3", part 3, 14.6 and 9.4 (DDE).
"""

import re
from collections.abc import Callable, Iterator
from html import unescape

from scanning.content import Content
from scanning.findings import suspicious, unsafe
from scanning.xml_parts import parse_elements

#: Returns flags; raises `Flawed`.
_Check = Callable[[Content], frozenset[str]]
_NOTHING = frozenset[str]()
_LARGEST_RELATIONS_BYTES = 16 << 20
_KEPT_BYTES = 512
_TEXT = re.compile(r"(?:^|/)word/[^/]*\.xml$", re.IGNORECASE)
_ENTITY, _DOCUMENT_TYPE = b"<!ENTITY", b"<!DOCTYPE"
_LINKS = tuple(
    start + name for start in (b"<", b":") for name in (b"ddeLink", b"dde-link", b"dde-connection")
)
_FIELD_NAMES = (b"instrText", b"fldSimple")
#: The text of a field, or where one begins, is separated from its result, or ends.
_FIELD = re.compile(
    rb"<(?:\w{1,32}:)?instrText\b[^<>]{0,200}>([^<]{0,4096})|fldCharType\s*=\s*[\"'](\w{1,16})|"
    rb"<(?:\w{1,32}:)?fldSimple\b([^<>]{0,4096})"
)
_INSTRUCTION = re.compile(rb"\binstr\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_DDE_FIELD = re.compile(r"^[\s\"']*DDE(?:AUTO)?\s", re.IGNORECASE | re.MULTILINE)
#: Relationships whose target is loaded when the document is opened, without anybody's asking.
_LOADED = frozenset({"attachedTemplate", "oleObject", "frame", "subDocument", "aFChunk"})
_FROM_ELSEWHERE = re.compile(r"\s*(?:https?|ftp|mhtml|ms-\w+):", re.IGNORECASE)
_ON_A_SERVER = re.compile(r"\s*(?:file:(?:/{0,3}\\\\|//[^/\\]|////)|\\\\|//)", re.IGNORECASE)


def is_text(name: str) -> bool:
    """Say whether a member of that name holds a document's text, in which looking for fields takes time."""
    return bool(_TEXT.search(name))


def check_part(name: str, content: Content) -> frozenset[str]:
    """Return the flags of a member that may be a part of an office file, by its name; raises `Flawed`."""
    flags = set[str]()
    for pattern, check in _CHECKS:
        if pattern.search(name):
            flags |= check(content)
    return frozenset(flags)


def _no_document_type(content: Content) -> frozenset[str]:
    if _holds(content, _DOCUMENT_TYPE, _ENTITY):
        raise unsafe("a part of it declares a document type")
    return _NOTHING


def _no_entities(content: Content) -> frozenset[str]:
    if _holds(content, _ENTITY):
        raise unsafe("a part of it declares a document type")
    return _NOTHING


def _no_links(content: Content) -> frozenset[str]:
    if _holds(content, *_LINKS):
        raise suspicious("a cell in it starts another program (DDE)")
    return _NOTHING


def _holds(content: Content, *words: bytes) -> bool:
    return any(word in text for text in _texts(content) for word in words)


def _texts(content: Content) -> Iterator[bytes]:
    """Yield the text in pieces, each of which begins with the end of the one before."""
    kept = b""
    for piece in content.pieces():
        # Parts may be written in UTF-16, too.
        text = kept + piece.replace(b"\0", b"")
        yield text
        kept = text[-_KEPT_BYTES:]


def _no_fields_of_programs(content: Content) -> frozenset[str]:
    if not _holds(content, *_FIELD_NAMES):
        return _NOTHING
    kept, field = b"", ""
    for piece in content.pieces():
        text = kept + piece.replace(b"\0", b"")
        last = max(text.rfind(b"<"), 0)
        field += "".join(_field_text(match) for match in _FIELD.finditer(text[:last]))
        if _DDE_FIELD.search(field):
            raise suspicious("a field in it starts another program (DDE)")
        kept, field = text[last:][: 1 << 16], field[-_KEPT_BYTES:]
    return _NOTHING


def _field_text(match: re.Match[bytes]) -> str:
    """Return what a match adds to the text of fields, each of which begins a line."""
    instruction, mark, simple = match.groups()
    if mark:
        return "\n"
    if simple is not None:
        found = _INSTRUCTION.search(simple)
        quoted = next((text for text in found.groups() if text is not None), b"") if found else b""
        return f"\n{unescape(quoted.decode('utf-8', 'replace'))}\n"
    return unescape((instruction or b"").decode("utf-8", "replace"))


def _no_remote_parts(content: Content) -> frozenset[str]:
    if content.size_bytes > _LARGEST_RELATIONS_BYTES:
        raise unsafe("a part of it is far larger than it may be")
    flags = set[str]()
    for each in parse_elements(content.at(0, content.size_bytes)):
        if each.attributes.get("TargetMode") != "External":
            continue
        kind, target = each.attributes.get("Type", "").rpartition("/")[2], each.attributes.get("Target", "")
        if kind in _LOADED and _FROM_ELSEWHERE.match(target):
            raise suspicious("it fetches a part of itself from elsewhere when it is opened")
        if kind in _LOADED and _ON_A_SERVER.match(target):
            flags.add("remote_parts")
    return frozenset(flags)


#: Parts by the end of their names, within whatever they lie in.
_CHECKS: tuple[tuple[re.Pattern[str], _Check], ...] = (
    (
        re.compile(r"(?:^|/)(?:word|xl|ppt|docProps|customXml|_rels)/.*\.(?:xml|rels|vml)$", re.IGNORECASE),
        _no_document_type,
    ),
    (re.compile(r"(?:^|/)(?:content|styles|meta|settings)\.xml$", re.IGNORECASE), _no_entities),
    (re.compile(r"(?:^|/)_rels/[^/]*\.rels$", re.IGNORECASE), _no_remote_parts),
    (_TEXT, _no_fields_of_programs),
    (re.compile(r"(?:^|/)(?:externalLinks/[^/]*\.xml|content\.xml)$", re.IGNORECASE), _no_links),
)
