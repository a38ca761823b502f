"""The `Upload-Checksum` header (tus 1.0.0, Checksum)."""

import base64
import binascii

from multidict import CIMultiDictProxy

from gateway.problems import Problem
from gateway.uploads.checksum import ALGORITHMS, Checksum

#: Characters of a foreign algorithm's name that an answer repeats.
_SHOWN = 40


def parse_checksum(headers: CIMultiDictProxy[str]) -> Checksum | None:
    """Return the request's checksum, `None` without the header.

    "The Server MAY respond with … 400 Bad Request if the checksum algorithm is not supported by the server":
    `Problem`, also for a value that is not the algorithm's digest in Base64.
    """
    values = headers.getall("Upload-Checksum", [])
    if not values:
        return None
    algorithm, _, encoded = values[0].partition(" ")
    if algorithm not in ALGORITHMS:
        detail = {"algorithm": algorithm[:_SHOWN], "offered": ", ".join(ALGORITHMS)}
        raise Problem("checksum_algorithm", detail)
    try:
        digest = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _malformed() from error
    if len(values) > 1 or len(digest) != len(ALGORITHMS[algorithm]().digest()):
        raise _malformed()
    return Checksum(algorithm, digest)


def _malformed() -> Problem:
    expected = "one algorithm's name, a space and the body's digest in Base64"
    return Problem("invalid_header", {"header": "Upload-Checksum", "expected": expected})
