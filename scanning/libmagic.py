"""The cross-check of what our detectors found: libmagic's opinion, where it names another family of files.

It is easily fooled by a name and knows few formats to their end, so that it never decides what a file is.
Only where its magic numbers are strong does its contradiction count.
"""

from collections.abc import Mapping
from functools import cache

import magic

from config.formats import FormatType
from scanning.findings import Problem

#: Families of files, in words, and the media types by which libmagic knows them for certain.
FAMILIES: Mapping[str, tuple[str, ...]] = {
    "a program": (
        "application/vnd.microsoft.portable-executable", "application/x-dosexec", "application/x-executable",
        "application/x-pie-executable", "application/x-sharedlib", "application/x-object",
        "application/x-mach-binary", "application/x-java-applet", "application/x-ms-shortcut",
    ),
    "an archive": (
        "application/zip", "application/java-archive", "application/x-7z-compressed", "application/x-rar",
        "application/vnd.rar", "application/x-tar", "application/gzip", "application/x-bzip2",
        "application/x-xz", "application/zstd", "application/vnd.ms-cab-compressed",
    ),
    "a PDF": ("application/pdf",),
    "a rich text document": ("text/rtf",),
    "an Office file": (
        "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint",
        "application/x-ole-storage", "application/vnd.oasis.opendocument.text",
        "application/vnd.oasis.opendocument.spreadsheet", "application/vnd.oasis.opendocument.presentation",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    "a database": ("application/x-msaccess", "application/vnd.sqlite3", "application/x-sqlite3"),
    "a web page": ("text/html", "image/svg+xml"),
    "a picture": (
        "image/jpeg", "image/png", "image/gif", "image/tiff", "image/bmp", "image/webp", "image/heic",
        "image/heif", "image/heif-sequence", "image/avif", "image/vnd.adobe.photoshop", "image/wmf",
        "image/x-pcx",
    ),
    "a recording": (
        "video/mp4", "video/quicktime", "video/x-m4v", "video/3gpp", "video/3gpp2", "video/x-matroska",
        "video/webm", "video/x-msvideo", "video/x-ms-asf", "video/x-flv", "video/mpeg", "video/MP2T",
        "audio/mpeg", "audio/mp4", "audio/x-m4a", "audio/x-wav", "audio/x-aiff", "audio/amr",
        "audio/x-hx-aac-adts", "audio/ogg", "audio/flac",
    ),
}  # fmt: skip

_OFFICE = frozenset({"an Office file", "an archive"})

#: What libmagic may call our types without contradicting, by their kind in `config/formats.toml`. Of plain
#: text it takes one page in a hundred for a web page, because it speaks of one.
BY_KIND: Mapping[str, frozenset[str]] = {
    "video": frozenset({"a recording"}),
    "audio": frozenset({"a recording"}),
    "image": frozenset({"a picture"}),
    "document": _OFFICE,
    "data": _OFFICE | {"a database"},
    "archive": _OFFICE,
    "text": frozenset({"a web page"}),
    "web": frozenset({"a web page"}),
    "program": frozenset({"a program"}),
}

#: The same for types that are not like their kind. HEIC is packed as films are (ISO/IEC 23008-12).
BY_TYPE: Mapping[str, frozenset[str]] = {
    "pdf": frozenset({"a PDF"}),
    "rtf": frozenset({"a rich text document"}),
    "heic": frozenset({"a picture", "a recording"}),
    "svg": frozenset({"a web page"}),
}

_FAMILY_OF = {media_type: family for family, names in FAMILIES.items() for media_type in names}


def name_media_type(head: bytes) -> str:
    """Return what libmagic takes the beginning of a file for."""
    return str(_database().from_buffer(head))


def contradiction(found: FormatType, media_type: str) -> Problem | None:
    """Return the problem of a file that we find to be one thing and libmagic to be quite another. Pure."""
    family = _FAMILY_OF.get(media_type)
    if family is None or family in BY_TYPE.get(found.name, BY_KIND[found.kind]):
        return None
    return Problem("held_suspicious", f"it can be read as {found.label} and as {family}")


@cache
def _database() -> magic.Magic:
    return magic.Magic(mime=True)
