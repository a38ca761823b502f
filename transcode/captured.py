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
_PLACES = ("com.apple.quicktime.location.iso6709", "location")


def noted_in_tags(tags: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fact of what a film's tags say, as ffprobe lists them; nothing if they say nothing."""
    lower = {name.lower(): value for name, value in tags.items()}
    taken_at, make, model, place = (
        next((lower[name] for name in names if name in lower), None)
        for names in (_TIMES, _MAKES, _MODELS, _PLACES)
    )
    return noted(taken_at, make, model, place)


def noted(taken_at: object, make: object, model: object, place: object = None) -> dict[str, Any]:
    """Return the fact `captured`, as far as it is said: `at` as its device writes times, `device`, `place`.

    The place is in ISO 6709.
    """
    device = " ".join(filter(None, [plain(make), plain(model)]))
    said = {"at": plain(taken_at), "device": device, "place": plain(place)}
    known = {name: text for name, text in said.items() if text}
    return {"captured": known} if known else {}


def plain(value: object) -> str:
    """Return printable text of bounded length; nothing for what is no text."""
    if not isinstance(value, str):
        return ""
    return "".join(letter for letter in value if letter.isprintable()).strip()[:_LONGEST]
