"""One hostile file, and what must become of it."""

from collections.abc import Callable
from dataclasses import dataclass

UNSAFE, HELD, LOCKED, DAMAGED = "unsafe_content", "held_suspicious", "encrypted", "damaged"
MISMATCH, UNKNOWN, NEVER = "content_mismatch", "content_unknown", "content_not_accepted"
#: Of a file that is accepted with flags for the reviewer.
READY = "ready"


@dataclass(frozen=True, slots=True)
class Case:
    """A file made to do harm or to deceive."""

    name: str
    build: Callable[[], bytes]
    #: The extension it comes under.
    extension: str
    #: A code of `config/reasons.toml`, or `READY`.
    end: str
    #: Flags of an accepted file.
    flags: frozenset[str] = frozenset()
    #: A word of what the teacher is told.
    told: str = ""
    #: It claims a size that its opener would have to believe: refused before anything is unpacked.
    lies: bool = False


def flagged(name: str, build: Callable[[], bytes], extension: str, *flags: str) -> Case:
    """A case that is let through, and says so."""
    return Case(name, build, extension, READY, frozenset(flags))
