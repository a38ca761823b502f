"""What detectors say of a file: its type, what is wrong with it, what a reviewer should know. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: a row of `config/reasons.toml`, and the words for its `{problem}`."""

    code: str
    problem: str = ""


class Flawed(Exception):
    """Raised by a detector that knows the type, for the problem that ends its check."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.code}: {problem.problem}")
        self.problem = problem


def damage(problem: str) -> Flawed:
    """Return the error for a file that is broken or cut short."""
    return Flawed(Problem("damaged", problem))


def unsafe(problem: str) -> Flawed:
    """Return the error for a file that is built to do harm."""
    return Flawed(Problem("unsafe_content", problem))


def suspicious(problem: str) -> Flawed:
    """Return the error for a file that a person must look at."""
    return Flawed(Problem("held_suspicious", problem))


def encrypted() -> Flawed:
    """Return the error for a file that needs a password."""
    return Flawed(Problem("encrypted"))


@dataclass(frozen=True, slots=True)
class Checked:
    """What the check of a whole file of known type found."""

    #: For reviewers: `docs/safety.md` explains each.
    flags: frozenset[str] = frozenset()
    #: JSON-able facts for the audit trail.
    facts: Mapping[str, Any] = field(default_factory=dict)
    #: Where the format itself ends, in bytes from the start; `None`: it does not say.
    end: int | None = None
    #: What is wrong, although the check could go on.
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What a file is."""

    #: Row of `[type]` in `config/formats.toml`.
    type: str
    checked: Checked = Checked()
    #: What it may be instead, when damage hides which.
    may_be: frozenset[str] = frozenset()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with it."""
        return self.checked.problems
