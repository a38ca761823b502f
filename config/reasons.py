"""The table of reasons: what users are told, by code."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_TABLE = Path(__file__).with_name("reasons.toml")


class _Blank(dict[str, str]):
    """Placeholders that nobody filled read as an ellipsis rather than as an error."""

    def __missing__(self, key: str) -> str:
        return "…"


@dataclass(frozen=True, slots=True)
class Reason:
    """One row: a code with its HTTP status and its words."""

    code: str
    status: int
    title: str
    reason: str
    remedy: str

    def told(self, detail: Mapping[str, str]) -> tuple[str, str]:
        """Return reason and remedy with their placeholders filled from `detail`."""
        values = _Blank(detail)
        return self.reason.format_map(values), self.remedy.format_map(values)


@cache
def load_reasons() -> Mapping[str, Reason]:
    """Read the table, by code."""
    rows = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    return {code: Reason(code=code, **row) for code, row in rows.items()}
