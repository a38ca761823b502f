"""The row that every detector module adds to the table of `scanning.identification`."""

from collections.abc import Callable
from dataclasses import dataclass

from scanning.content import Content
from scanning.findings import Checked
from scanning.members import Members


@dataclass(frozen=True, slots=True)
class Detector:
    """How to tell one family of formats.

    `looks_like` sees the first 4 KiB and must be cheap. `type_of` returns one of `tells`, or `None` if
    the file is nothing it knows. `check` gets that type and looks at the file to its end. `type_of`,
    `check` and `extract` may raise `Flawed`.
    """

    #: Every type it can return: rows of `[type]` in `config/formats.toml`.
    tells: frozenset[str]
    looks_like: Callable[[bytes], bool]
    type_of: Callable[[Content], str | None]
    check: Callable[[Content, str], Checked]
    #: Writes what the file holds inside, so that each member can be scanned by itself.
    extract: Callable[[Content, Members], None] | None = None
    #: What the file is called while damage hides what it is, and what it may be then.
    container: str | None = None
    may_hide: frozenset[str] = frozenset()
