"""The whole stack on one machine: starts every part, keeps it running, and stops it.

StackError            told to the operator in one sentence; the stack ends with status 1
└── PartError        a part does not start; carries the last lines of its log
"""

from pathlib import Path


class StackError(Exception):
    """The stack cannot start or go on; the message says why and what to do."""


class PartError(StackError):
    """A part did not come up."""

    def __init__(self, name: str, log: Path, problem: str) -> None:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:] if log.exists() else []
        told = "\n".join(f"    {line}" for line in lines)
        super().__init__(f"{name} {problem}; its log is {log}\n{told}".rstrip())
