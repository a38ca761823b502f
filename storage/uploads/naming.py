"""What an upload's id looks like, wherever it becomes part of a name in a store."""

import re

from storage.errors import NotFound

_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")


def is_upload_id(text: str) -> bool:
    """Tell whether it may be an upload's id."""
    return _ID.fullmatch(text) is not None


def require_upload_id(text: str) -> str:
    """Return the id. Raises `NotFound` for what cannot be one."""
    if not is_upload_id(text):
        raise NotFound("no such upload")
    return text
