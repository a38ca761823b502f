"""The `Upload-Metadata` header (tus 1.0.0, Creation), and the names people give files."""

import base64
import binascii
import re
import unicodedata
from collections.abc import Mapping

from gateway.problems import Problem

#: Longest name kept, in characters; what most file systems can hold.
LONGEST_NAME = 255

KEY = re.compile(r"[!-+\--~]+")  # printable ASCII without space and comma

#: White space in a header; other kinds that Python strips may not be reflected.
_SPACE = " \t"


def parse_metadata(header: str) -> dict[str, bytes]:
    """Parse comma-separated pairs of key and Base64 value; a value may be empty or missing.

    Raises `Problem` (400) for a repeated or malformed key and for a value that is no Base64: the header
    is reflected by HEAD, so nothing that was not understood may pass.
    """
    pairs: dict[str, bytes] = {}
    for part in header.split(",") if header.strip(_SPACE) else ():
        key, _, value = part.strip(_SPACE).partition(" ")
        if not KEY.fullmatch(key) or key in pairs:
            raise _malformed()
        try:
            pairs[key] = base64.b64decode(value.strip(_SPACE), validate=True)
        except (binascii.Error, ValueError) as error:
            raise _malformed() from error
    return pairs


def _malformed() -> Problem:
    expected = "comma-separated pairs of a unique key and a Base64 value"
    return Problem("invalid_header", {"header": "Upload-Metadata", "expected": expected})


def filename_of(metadata: Mapping[str, bytes]) -> str | None:
    """Return the name under `filename`, made harmless; `None` when there is none."""
    return clean_name(metadata.get("filename", b"").decode("utf-8", errors="replace"))


def clean_name(name: str) -> str | None:
    """Return the last component of a name without control and direction characters, at most 255 long.

    A name is a label, never a path: a hostile one loses what makes it hostile, not the evidence.
    The end is kept when it is shortened, because the extension binds the content.
    """
    base = re.split(r"[/\\]", name)[-1]
    visible = "".join(
        char for char in base if unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    )
    trimmed = unicodedata.normalize("NFC", visible).strip().strip("\N{REPLACEMENT CHARACTER}")
    if trimmed in {"", ".", ".."}:
        return None
    return trimmed if len(trimmed) <= LONGEST_NAME else trimmed[:200] + "…" + trimmed[-54:]
