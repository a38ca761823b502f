"""Word, Excel and PowerPoint files of 2007 and later, told by the content type of their main part.

The main part is the one named by the `officeDocument` relationship of the package, wherever it lies.
Source: ECMA-376, part 2 (Open Packaging Conventions), sections 6.2.3 and 6.5.
"""

import re
import zipfile
from posixpath import normpath

from scanning.archive import read_part
from scanning.findings import Checked, damage, unsafe
from scanning.xml_parts import Element, parse_elements

CONTENT_TYPES = "[Content_Types].xml"
_LARGEST_PART_BYTES = 16 << 20
_RELATIONSHIPS = frozenset(
    {
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument",
        "http://purl.oclc.org/ooxml/officeDocument/relationships/officeDocument",
    }
)
_OPEN, _MICROSOFT = "application/vnd.openxmlformats-officedocument.", "application/vnd.ms-"
#: Content type of the main part, in lower case, to type.
TYPES = {
    f"{_OPEN}wordprocessingml.document.main+xml": "docx",
    f"{_OPEN}wordprocessingml.template.main+xml": "dotx",
    f"{_MICROSOFT}word.document.macroenabled.main+xml": "docm",
    f"{_MICROSOFT}word.template.macroenabledtemplate.main+xml": "dotm",
    f"{_OPEN}spreadsheetml.sheet.main+xml": "xlsx",
    f"{_OPEN}spreadsheetml.template.main+xml": "xltx",
    f"{_MICROSOFT}excel.sheet.macroenabled.main+xml": "xlsm",
    f"{_MICROSOFT}excel.template.macroenabled.main+xml": "xltm",
    f"{_MICROSOFT}excel.sheet.binary.macroenabled.main": "xlsb",
    f"{_OPEN}presentationml.presentation.main+xml": "pptx",
    f"{_OPEN}presentationml.template.main+xml": "potx",
    f"{_OPEN}presentationml.slideshow.main+xml": "ppsx",
    f"{_MICROSOFT}powerpoint.presentation.macroenabled.main+xml": "pptm",
    f"{_MICROSOFT}powerpoint.template.macroenabled.main+xml": "potm",
    f"{_MICROSOFT}powerpoint.slideshow.macroenabled.main+xml": "ppsm",
}
#: Formats whose names warn of macros; in all others a macro is smuggled.
_WITH_MACROS = frozenset({"docm", "dotm", "xlsm", "xltm", "xlsb", "pptm", "potm", "ppsm"})
#: Content types of macros, in Visual Basic and as sheets of Excel 4.
_MACROS = re.compile(r"vbaproject|macrosheet", re.IGNORECASE)
_FOLDERS = {"/embeddings/": "attachments", "/activex/": "controls"}


def type_of(archive: zipfile.ZipFile) -> str | None:
    """Return the type, `None` for a package that is no office file; raises `Flawed` if parts are missing."""
    relations = _elements(archive, "_rels/.rels")
    types = _elements(archive, CONTENT_TYPES)
    main = [each for each in relations if each.attributes.get("Type") in _RELATIONSHIPS]
    if not main:
        return None
    if len(main) > 1 or main[0].attributes.get("TargetMode") == "External":
        raise unsafe("it does not say plainly which part of it is the document")
    part = normpath("/" + main[0].attributes.get("Target", "").lstrip("/"))
    if part.lstrip("/").casefold() not in {name.casefold() for name in archive.namelist()}:
        raise damage("its main part is missing")
    return TYPES.get(_content_type(types, part))


def _elements(archive: zipfile.ZipFile, name: str) -> tuple[Element, ...]:
    data = read_part(archive, name, _LARGEST_PART_BYTES)
    if data is None:
        raise damage(f"its part {name} is missing")
    return parse_elements(data)


def _content_type(types: tuple[Element, ...], part: str) -> str:
    """Return the content type of a part: its own, else that of its extension; names know no case."""
    suffix = part.rpartition(".")[2].casefold()
    default = ""
    for element in types:
        content_type = element.attributes.get("ContentType", "").lower()
        if (
            element.name == "Override"
            and element.attributes.get("PartName", "").casefold() == part.casefold()
        ):
            return content_type
        if element.name == "Default" and element.attributes.get("Extension", "").casefold() == suffix:
            default = content_type
    return default


def check(archive: zipfile.ZipFile, name: str) -> Checked:
    """Look for macros; raises `Flawed` where there must be none."""
    parts = [part.casefold() for part in archive.namelist()]
    declared = any(
        _MACROS.search(each.attributes.get("ContentType", "")) for each in _elements(archive, CONTENT_TYPES)
    )
    macros = declared or any("vbaproject" in part or "/macrosheets/" in part for part in parts)
    if macros and name not in _WITH_MACROS:
        raise unsafe("macros are hidden in a document that may have none")
    flags = {"macros"} if macros else set[str]()
    flags |= {flag for folder, flag in _FOLDERS.items() if any(folder in part for part in parts)}
    return Checked(flags=frozenset(flags), facts={"parts": len(parts)})
