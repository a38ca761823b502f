"""Sound evidence of which no picture can be made here, and why: never the evidence's fault."""

import re
from enum import StrEnum

#: What decoders say of what they do not know; an unsupported marker or item is a broken one.
UNKNOWN = re.compile(
    r"(?i)unsupported(?! marker| or non)|not (supported|configured|implemented)"
    r"|no known route|unknown pcx mode"
)


class NoPicture(StrEnum):
    """Why there is no picture."""

    #: Frames of a film in a picture's clothes, and none of them is marked as the picture.
    SEQUENCE = "sequence_without_still"
    #: A kind of its format that no reader here knows.
    VARIANT = "variant_unknown"
    #: The program that draws it is not installed, or nothing here could keep it apart.
    TOOL = "tool_missing"
    #: It asks for more time or memory than any picture is given.
    TOO_MUCH = "too_much_to_draw"


class Undrawable(Exception):
    """No reader here knows such a picture; nothing is said against it."""

    def __init__(self, code: NoPicture, words: str) -> None:
        super().__init__(words)
        self.code = code

    def facts(self) -> dict[str, str]:
        """Return what the evidence's record says in place of a picture."""
        return {"no_picture": str(self.code), "no_picture_reason": str(self)}


def is_unknown(said: str) -> bool:
    """Tell whether a decoder says that it does not know such a picture."""
    return UNKNOWN.search(said) is not None
