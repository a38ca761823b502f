"""Digest fields (RFC 9530): of one request's content, and of the whole file."""

from collections.abc import Mapping

from multidict import CIMultiDictProxy

from gateway.ietf.fields import Malformed, find_dictionary
from gateway.problems import Problem
from gateway.uploads.checksum import ALGORITHMS, Checksum

#: Active algorithms of the registry (section 7.2), the one that is compared first, by our names.
_CONTENT: Mapping[str, str] = {"sha-512": "sha512", "sha-256": "sha256"}
#: The whole is hashed once, while it arrives.
_WHOLE: Mapping[str, str] = {"sha-256": "sha256"}


def find_content_digest(headers: CIMultiDictProxy[str]) -> Checksum | None:
    """Return what `Content-Digest` says of the request's body, `None` without it. Raises `Problem` (400)."""
    found = _find(headers, "Content-Digest", _CONTENT)
    return found and Checksum(*found, refusal="content_digest_mismatch")


def find_whole_sha256(headers: CIMultiDictProxy[str]) -> str | None:
    """Return the SHA-256 (hex) that `Repr-Digest` says of the file. Raises `Problem` (400)."""
    found = _find(headers, "Repr-Digest", _WHOLE)
    return found[1].hex() if found else None


def wants_digest(headers: CIMultiDictProxy[str]) -> bool:
    """Tell whether `Want-Repr-Digest` asks for SHA-256: from 1 to 10, since 0 is "not acceptable"."""
    try:
        wanted = find_dictionary(headers, "Want-Repr-Digest")
    except Malformed:
        return False
    return wanted.get("sha-256") in range(1, 11)


def _find(headers: CIMultiDictProxy[str], name: str, offered: Mapping[str, str]) -> tuple[str, bytes] | None:
    """Return the first of the offered algorithms that the header has, and its digest.

    Who asks for a comparison is told when there can be none: a header that is malformed, or knows other
    algorithms only, is refused rather than ignored.
    """
    if name not in headers:
        return None
    try:
        sent = find_dictionary(headers, name)
    except Malformed as error:
        raise _malformed(name) from error
    for key, algorithm in offered.items():
        if key in sent:
            return algorithm, _checked(name, algorithm, sent[key])
    raise Problem("digest_algorithm", {"header": name, "offered": ", ".join(offered)})


def _checked(name: str, algorithm: str, digest: object) -> bytes:
    if not isinstance(digest, bytes) or len(digest) != len(ALGORITHMS[algorithm]().digest()):
        raise _malformed(name)
    return digest


def _malformed(name: str) -> Problem:
    return Problem("invalid_header", {"header": name, "expected": "algorithm=:digest in Base64:"})
