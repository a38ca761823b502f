"""When and with what a picture or film was taken, as its device noted it: for the audit trail only.

No rendition carries it, and no answer of the API: it may help the board to judge a doubtful piece.
"""

from collections.abc import Mapping
from typing import Any

_LONGEST = 100
#: Tags of films, as ffprobe names those of QuickTime, Android and Matroska; the first that is there counts.
_TIMES = ("com.apple.quicktime.creationdate", "creation_time", "date")
_MAKES = ("com.apple.quicktime.make", "com.android.manufacturer", "make")
_MODELS = ("com.apple.quicktime.model", "com.android.model", "model")


def noted_in_tags(tags: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fact of what a film's tags say, as ffprobe lists them; nothing if they say nothing."""
    lower = {name.lower(): value for name, value in tags.items()}
    taken_at, make, model = (
        next((lower[name] for name in names if name in lower), None) for names in (_TIMES, _MAKES, _MODELS)
    )
    return noted(taken_at, make, model)


def noted(taken_at: object, make: object, model: object) -> dict[str, Any]:
    """Return the fact `captured`: `at` as its device writes times, and `device`, as far as they are said."""
    device = " ".join(filter(None, [plain(make), plain(model)]))
    said = {name: text for name, text in (("at", plain(taken_at)), ("device", device)) if text}
    return {"captured": said} if said else {}


def plain(value: object) -> str:
    """Return printable text of bounded length; nothing for what is no text."""
    if not isinstance(value, str):
        return ""
    return "".join(letter for letter in value if letter.isprintable()).strip()[:_LONGEST]
