"""The `Idempotency-Key` header: a creation that is repeated makes no second upload."""

import re

from multidict import CIMultiDictProxy

from gateway.problems import Problem

IDEMPOTENCY_KEY = re.compile(r"[ -~]{1,255}")


def parse_idempotency_key(headers: CIMultiDictProxy[str]) -> str | None:
    """Return the `Idempotency-Key`, or `None` without one; raises `Problem` (400)."""
    values = headers.getall("Idempotency-Key", [])
    if not values:
        return None
    if len(values) > 1 or not IDEMPOTENCY_KEY.fullmatch(values[0]):
        expected = "one key of 1 to 255 printable ASCII characters"
        raise Problem("invalid_header", {"header": "Idempotency-Key", "expected": expected})
    return values[0]
