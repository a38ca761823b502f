"""What a key looks like: an evidence's id and one to three words below it."""

import re

from storage.errors import NotFound

_WORD = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}"
_KEY = re.compile(rf"{_WORD}(?:/{_WORD}){{1,3}}")


def require_key(key: str) -> str:
    """Return the key. Raises `NotFound` for what cannot be one."""
    if not _KEY.fullmatch(key):
        raise NotFound("no such key")
    return key
