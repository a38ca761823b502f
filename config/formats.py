"""The accepted-format table: which extensions are taken, how large, and what their bytes may be.

The rows are data (`formats.toml`); nothing here knows any format by name.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

_TABLE = Path(__file__).with_name("formats.toml")


@dataclass(frozen=True, slots=True)
class FormatType:
    """What bytes can be: one row of `[type]`."""

    name: str
    media_type: str
    #: Which renditions are made: `video audio image document data text web program archive`.
    kind: str
    #: The name a teacher would use, such as "Word document".
    label: str


@dataclass(frozen=True, slots=True)
class Extension:
    """What a file's name promises: one extension, the rows of its groups merged."""

    name: str
    groups: tuple[str, ...]
    #: The most the gateway takes in.
    accept_bytes: int
    #: The board's limit; what is larger gets a reading copy that fits; 0: never reduced.
    reduce_to_bytes: int
    #: Names of the types that the content may be.
    holds: frozenset[str]


@dataclass(frozen=True, slots=True)
class Formats:
    """The whole table."""

    extensions: Mapping[str, Extension]
    types: Mapping[str, FormatType]

    @property
    def names(self) -> str:
        """The accepted extensions as a reader wants them: `.aac, .accdb, …`."""
        return ", ".join(f".{name}" for name in sorted(self.extensions))

    @property
    def largest_bytes(self) -> int:
        """The most any format may have: the limit of an upload whose name says nothing."""
        return max(row.accept_bytes for row in self.extensions.values())


def extension_of(filename: str | None) -> str | None:
    """Return the extension a name promises: lower case, no dot; `None` when it has none."""
    if not filename:
        return None
    suffix = PurePosixPath(filename.strip().replace("\\", "/")).suffix
    return suffix[1:].lower() or None


@cache
def load_formats() -> Formats:
    """Read the table; the rows of an extension that stands in two groups are merged."""
    raw = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    types = {
        name: FormatType(name, row["media_type"], row["kind"], row["name"])
        for name, row in raw["type"].items()
    }
    extensions: dict[str, Extension] = {}
    for row in raw["extension"]:
        name, before = row["extension"], extensions.get(row["extension"])
        extensions[name] = Extension(
            name=name,
            groups=((*before.groups, row["group"]) if before else (row["group"],)),
            accept_bytes=max(row["accept_bytes"], before.accept_bytes if before else 0),
            reduce_to_bytes=max(row["reduce_to_bytes"], before.reduce_to_bytes if before else 0),
            holds=frozenset(row["holds"]) | (before.holds if before else frozenset()),
        )
    unknown = {held for row in extensions.values() for held in row.holds} - types.keys()
    if unknown:
        raise ValueError(f"formats.toml holds types it does not describe: {sorted(unknown)}")
    return Formats(extensions, types)
