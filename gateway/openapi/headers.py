"""Every header of requests and answers, by name: its meaning and the schema of its value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from config.formats import load_formats
from gateway.ietf.dialects import DIALECTS
from gateway.ietf.protocol import PARTIAL_TYPE
from gateway.tus.concatenation import FINAL
from gateway.tus.headers import NUMBER_DIGITS
from gateway.tus.protocol import VERSION
from gateway.uploads.checksum import ALGORITHMS
from gateway.uploads.idempotency import IDEMPOTENCY_KEY
from gateway.uploads.metadata import KEY

_BASE64 = r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
_PAIR = f"{KEY.pattern}(?: {_BASE64})?"


@dataclass(frozen=True, slots=True)
class Header:
    """One header: what it says, and the JSON Schema of its value."""

    says: str
    schema: Mapping[str, Any]


_TEXT: Mapping[str, Any] = {"type": "string"}
_BYTES: Mapping[str, Any] = {"type": "integer", "minimum": 0, "maximum": 10**NUMBER_DIGITS - 1}
_DATE: Mapping[str, Any] = {"type": "string", "pattern": "GMT$"}
_RANGE: Mapping[str, Any] = {"type": "string", "examples": ["bytes=0-499", "bytes=500-", "bytes=-500"]}


def load_headers() -> Mapping[str, Header]:
    """Return the table; limits and accepted names are those of the configuration."""
    return {
        "Accept-Patch": Header("The content type of what is appended.", {"const": PARTIAL_TYPE}),
        "Accept-Ranges": Header("The unit of ranges.", {"const": "bytes"}),
        "Content-Disposition": Header("The name of the file (RFC 6266).", _TEXT),
        "Content-Range": Header("The bytes that are answered, of how many.", _matching(r"bytes [-\d*]+/\d+")),
        "ETag": Header(
            "The content's own hash; of a tile, the whole's and its name's.", _matching('"[0-9a-f]{64}"')
        ),
        "Evidence-Location": Header(
            "The evidence that the upload becomes.", {"type": "string", "format": "uri-reference"}
        ),
        "Idempotency-Key": Header(
            "A repeated creation with the same key answers with the first one's upload.",
            _matching(IDEMPOTENCY_KEY.pattern),
        ),
        "If-None-Match": Header("Entity tags; 304 when one of them still holds.", _TEXT),
        "If-Range": Header("An entity tag; the range counts only if it still holds.", _TEXT),
        "Last-Event-ID": Header(
            "The id of the last event that was seen; the stream goes on after it.", _TEXT
        ),
        "Location": Header(
            "The upload, or the bytes, as an absolute address.", {"type": "string", "format": "uri"}
        ),
        "Range": Header("One range of bytes (RFC 9110); several, and other units, are passed over.", _RANGE),
        "Repr-Digest": Header(
            "The SHA-256 of the whole file (RFC 9530), where it is computed while the file arrives. "
            "In a creation: what its sender has.",
            _matching(f"sha-256=:{_BASE64}:"),
        ),
        "Retry-After": Header("Try again after this many seconds.", {"type": "integer", "minimum": 1}),
        "WWW-Authenticate": Header("How to sign in.", {"type": "string", "pattern": "^Bearer"}),
        "X-HTTP-Method-Override": Header(
            "The method meant, for clients that cannot send it.",
            {"enum": ["PATCH", "DELETE", "HEAD", "OPTIONS", "POST"]},
        ),
        "X-Request-Id": Header("Names this request in the logs.", _matching("[0-9a-f]{32}")),
        **_upload_headers(),
        **_resumable_headers(),
    }


def _upload_headers() -> Mapping[str, Header]:
    """Return the rows of the upload protocol."""
    formats = load_formats()
    length = {**_BYTES, "maximum": formats.largest_bytes}
    accepted = f"The name under `filename` ends in one of {formats.names}, or has no extension."
    return {
        "Tus-Checksum-Algorithm": Header("The algorithms that `Upload-Checksum` may name.", _TEXT),
        "Tus-Extension": Header("The protocol extensions that are offered.", _TEXT),
        "Tus-Max-Size": Header("The largest upload in bytes.", _BYTES),
        "Tus-Resumable": Header("The version of the upload protocol.", {"const": VERSION}),
        "Tus-Version": Header("The versions of the upload protocol that are spoken.", {"const": VERSION}),
        "Upload-Checksum": Header(
            "An algorithm and the body's digest in Base64; a body with another digest is dropped.",
            _matching(f"(?:{'|'.join(ALGORITHMS)}) {_BASE64}"),
        ),
        "Upload-Concat": Header(
            "A part of a whole, or a whole and the addresses of its parts.",
            _matching(rf"partial|{FINAL.pattern}"),
        ),
        "Upload-Defer-Length": Header("The length is announced later, with a PATCH.", {"const": "1"}),
        "Upload-Expires": Header("When the upload is dropped if nobody goes on with it.", _DATE),
        "Upload-Grant": Header("A bearer that is good for this upload alone.", _TEXT),
        "Upload-Length": Header("Length of the whole file in bytes.", length),
        "Upload-Metadata": Header(
            f"Comma-separated pairs of a unique key and a Base64 value. {accepted}",
            _matching(f"(?:{_PAIR}(?:,{_PAIR})*)?"),
        ),
        "Upload-Offset": Header("Where the upload stands, in bytes.", _BYTES),
    }


def _resumable_headers() -> Mapping[str, Header]:
    """Return the rows that only IETF resumable uploads have."""
    digest = rf"[a-z0-9-]+=:{_BASE64}:(?:, *[a-z0-9-]+=:{_BASE64}:)*"
    return {
        "Content-Digest": Header("The body's digest (RFC 9530): another body is dropped.", _matching(digest)),
        "Upload-Complete": Header("Whether the upload is complete with this.", _matching(r"\?[01]")),
        "Upload-Draft-Interop-Version": Header(
            "The interop version of the draft that the client speaks; the final form has none.",
            {"type": "integer", "examples": list(DIALECTS)},
        ),
        "Upload-Incomplete": Header(
            "In interop version 3, in place of Upload-Complete.", _matching(r"\?[01]")
        ),
        "Upload-Limit": Header("Limits in bytes, and the seconds that are left.", _TEXT),
        "Want-Repr-Digest": Header(
            "`sha-256=1` asks for the SHA-256 of the whole file with the last answer.", _TEXT
        ),
    }


def _matching(regex: str) -> dict[str, Any]:
    return {"type": "string", "pattern": f"^(?:{regex})$"}
