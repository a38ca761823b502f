"""Plain text as a rendition: UTF-8 without control characters, no longer than agreed."""

import re
from pathlib import Path
from typing import Any

NAME = "document.txt"
MEDIA_TYPE = "text/plain; charset=utf-8"
#: Everything that moves a terminal's cursor or hides what stands there, but tabs and line ends.
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")


def save_text(words: str, folder: Path, *, most_bytes: int, more: bool = False) -> dict[str, Any]:
    """Write the text into `folder`; `more`: it is only the beginning of what there is.

    Returns `file` and `facts` (`shortened` when something was left out).
    """
    content = clean(words).encode("utf-8", errors="replace")
    kept = content[:most_bytes].decode("utf-8", errors="ignore")
    (folder / NAME).write_text(kept, encoding="utf-8", newline="")
    shortened = more or len(content) > most_bytes
    return {"file": NAME, "facts": {"shortened": True} if shortened else {}}


def clean(words: str) -> str:
    """Return the text with Unix line ends and no control characters (Unicode 16, 23.1 and 23.2)."""
    return CONTROLS.sub("", words.replace("\r\n", "\n").replace("\r", "\n"))
