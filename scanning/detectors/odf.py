"""OpenDocument files, told by the member `mimetype`.

Source: OASIS, "OpenDocument v1.3", part 2 (packages), sections 3.3 and 3.4.
"""

import zipfile

from scanning.archive import read_part
from scanning.findings import Checked, damage, encrypted
from scanning.xml_parts import parse_elements

MIMETYPE = "mimetype"
_MANIFEST = "META-INF/manifest.xml"
_LARGEST_MANIFEST_BYTES = 16 << 20
_PREFIX = "application/vnd.oasis.opendocument."
TYPES = {
    f"{_PREFIX}text": "odt",
    f"{_PREFIX}spreadsheet": "ods",
    f"{_PREFIX}presentation": "odp",
}
_MACRO_FOLDERS = ("Basic/", "Scripts/")


def type_of(archive: zipfile.ZipFile) -> str | None:
    """Return the type, `None` for other packages that name themselves (such as EPUB)."""
    return TYPES.get((read_part(archive, MIMETYPE, 200) or b"").decode("ascii", "replace").strip())


def check(archive: zipfile.ZipFile, _name: str) -> Checked:
    """Look for passwords and macros; raises `Flawed` for the first, and if parts are missing."""
    names = archive.namelist()
    manifest = read_part(archive, _MANIFEST, _LARGEST_MANIFEST_BYTES)
    if manifest is None:
        raise damage("a part of it is missing")
    # The manifests of old versions of OpenOffice name their document type.
    if any(element.name == "encryption-data" for element in parse_elements(manifest, document_type=True)):
        raise encrypted()
    if "content.xml" not in names:
        raise damage("a part of it is missing")
    macros = any(part.startswith(_MACRO_FOLDERS) and not part.endswith("/") for part in names)
    return Checked(flags=frozenset({"macros"} if macros else ()), facts={"parts": len(names)})
