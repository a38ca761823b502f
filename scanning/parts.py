"""What single parts of office files may not say, whatever document they belong to.

A part is looked at as text, where it lies written out: nothing in it is ever followed.
Sources: ECMA-376, part 1, 17.16.5.18 (DDE fields), 18.14 (links of workbooks), part 2, section 6.5
(relationships) and 6.2.5 (no document types); OASIS, "OpenDocument v1.3", part 3, 14.6 and 9.4 (DDE).
"""

import re
from collections.abc import Callable
from html import unescape

from scanning.content import Content
from scanning.findings import suspicious, unsafe
from scanning.xml_parts import parse_elements

#: Returns flags; raises `Flawed`.
_Check = Callable[[Content], frozenset[str]]
_NOTHING = frozenset[str]()
_LARGEST_RELATIONS_BYTES = 16 << 20
_KEPT_BYTES = 512
_ENTITY = re.compile(rb"<!ENTITY", re.IGNORECASE)
_DOCUMENT_TYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_LINK = re.compile(rb"<(?:\w{1,32}:)?(?:ddeLink|dde-link|dde-connection|dde-connection-decl)\b")
#: The text of a field, or where one begins, is separated from its result, or ends.
_FIELD = re.compile(
    rb"<(?:\w{1,32}:)?instrText\b[^>]{0,200}>([^<]{0,4096})|fldCharType\s*=\s*[\"'](\w{1,16})|"
    rb"<(?:\w{1,32}:)?fldSimple\b[^>]{0,200}?\binstr\s*=\s*[\"']([^\"'<]{0,4096})"
)
_DDE_FIELD = re.compile(r"^[\s\"']*DDE(?:AUTO)?\s", re.IGNORECASE | re.MULTILINE)
#: Relationships whose target is loaded when the document is opened, without anybody's asking.
_LOADED = frozenset({"attachedTemplate", "oleObject", "frame", "subDocument", "aFChunk"})
_FROM_ELSEWHERE = re.compile(r"\s*(?:https?|ftp|mhtml|ms-\w+):", re.IGNORECASE)
_ON_A_SERVER = re.compile(r"\s*(?:file:(?:/{0,3}\\\\|//[^/\\]|////)|\\\\|//)", re.IGNORECASE)


def check_part(name: str, content: Content) -> frozenset[str]:
    """Return the flags of a member that may be a part of an office file, by its name; raises `Flawed`."""
    flags = set[str]()
    for pattern, check in _CHECKS:
        if pattern.search(name):
            flags |= check(content)
    return frozenset(flags)


def _no_document_type(content: Content) -> frozenset[str]:
    if _finds(_DOCUMENT_TYPE, content):
        raise unsafe("a part of it declares a document type")
    return _NOTHING


def _no_entities(content: Content) -> frozenset[str]:
    if _finds(_ENTITY, content):
        raise unsafe("a part of it declares a document type")
    return _NOTHING


def _no_links(content: Content) -> frozenset[str]:
    if _finds(_LINK, content):
        raise suspicious("a cell in it starts another program (DDE)")
    return _NOTHING


def _finds(pattern: re.Pattern[bytes], content: Content) -> bool:
    kept = b""
    for piece in content.pieces():
        # Parts may be written in UTF-16, too.
        text = kept + piece.replace(b"\0", b"")
        if pattern.search(text):
            return True
        kept = text[-_KEPT_BYTES:]
    return False


def _no_fields_of_programs(content: Content) -> frozenset[str]:
    kept, field = b"", ""
    for piece in content.pieces():
        text = kept + piece.replace(b"\0", b"")
        last = max(text.rfind(b"<"), 0)
        for match in _FIELD.finditer(text[:last]):
            instruction, mark, simple = match.groups()
            field += "\n" if mark else unescape((instruction or simple or b"").decode("utf-8", "replace"))
            field += "\n" if simple else ""
        if _DDE_FIELD.search(field):
            raise suspicious("a field in it starts another program (DDE)")
        kept, field = text[last:][-1 << 16 :], field[-_KEPT_BYTES:]
    return _NOTHING


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
    (re.compile(r"(?:^|/)word/[^/]*\.xml$", re.IGNORECASE), _no_fields_of_programs),
    (re.compile(r"(?:^|/)(?:externalLinks/[^/]*\.xml|content\.xml)$", re.IGNORECASE), _no_links),
)
