"""Signals to whoever follows evidence: that a record changed, or how far one of its stages is. Pure.

A signal may be lost and says nothing that the record or the queue does not know better.
"""

import json
from dataclasses import dataclass

from storage.states import StageName


@dataclass(frozen=True, slots=True)
class Reported:
    """How far a running stage is: `progress` from 0 to 1; `eta_seconds` is `None` while unknown."""

    stage: StageName
    progress: float
    eta_seconds: float | None


@dataclass(frozen=True, slots=True)
class Signal:
    """Something happened to one piece of evidence."""

    centre_id: str
    evidence_id: str
    #: `None`: its record changed.
    reported: Reported | None = None


def format_signal(centre_id: str, evidence_id: str) -> str:
    """Return the message that a record changed; `scripts/report.lua` makes those of progress."""
    return json.dumps({"centre_id": centre_id, "evidence_id": evidence_id})


def parse_signal(message: bytes) -> Signal | None:
    """Return the signal of a message, `None` for what is none: anybody may speak on a channel."""
    try:
        told = json.loads(message)
        return Signal(str(told["centre_id"]), str(told["evidence_id"]), _reported(told))
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def _reported(told: dict[str, object]) -> Reported | None:
    if "stage" not in told:
        return None
    eta = told["eta_seconds"]
    return Reported(
        StageName(str(told["stage"])), float(str(told["progress"])), None if eta is None else float(str(eta))
    )
