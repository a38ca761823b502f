"""The name in `Content-Disposition` (RFC 6266), as the metadata that an upload's record keeps."""

import base64
import re
from urllib.parse import unquote_to_bytes

from aiohttp import hdrs
from multidict import CIMultiDictProxy

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PARAMETER = re.compile(rf'[ \t]*;[ \t]*({_WORD})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))')
_TYPE = re.compile(rf"[ \t]*{_WORD}")

#: A value with its character set and language before it (RFC 8187, section 3.2).
_EXTENDED = re.compile(r"([A-Za-z0-9-]+)'[A-Za-z0-9-]*'(.*)", re.DOTALL)
_CHARSETS = {"utf-8": "utf-8", "iso-8859-1": "latin-1"}


def metadata_of(headers: CIMultiDictProxy[str]) -> str:
    """Return the metadata of an upload that is created with these headers, in the form of tus.

    Without a disposition that is what some clients send as such: tus-js-client in its IETF modes.
    """
    disposition = headers.get(hdrs.CONTENT_DISPOSITION)
    if disposition is None:
        return ",".join(headers.getall("Upload-Metadata", ()))
    name = parse_filename(disposition)
    if not name:
        return ""
    return f"filename {base64.b64encode(name.encode(errors='replace')).decode()}"


def parse_filename(disposition: str) -> str | None:
    """Return the name as it was sent, `None` without one.

    "When both filename and filename* are present in a single header field value, recipients SHOULD pick
    filename* and ignore filename" (section 4.3); one that cannot be read counts as not sent.
    """
    parameters = _parameters(disposition)
    return _extended(parameters.get("filename*", "")) or parameters.get("filename")


def _parameters(disposition: str) -> dict[str, str]:
    """Return the parameters up to the first that is malformed, by name; of a repeated one the first."""
    found: dict[str, str] = {}
    match = _TYPE.match(disposition)
    while match and (match := _PARAMETER.match(disposition, match.end())):
        name, quoted, token = match.groups()
        # Only what must be escaped counts as escaped: browsers have sent paths with bare backslashes.
        value = token if quoted is None else re.sub(r'\\(["\\])', r"\1", quoted)
        found.setdefault(name.lower(), value)
    return found


def _extended(value: str) -> str | None:
    match = _EXTENDED.fullmatch(value)
    charset = _CHARSETS.get(match[1].lower()) if match else None
    if match is None or charset is None:
        return None
    try:
        return unquote_to_bytes(match[2]).decode(charset)
    except UnicodeDecodeError:
        return None
