"""The outcome of scanning one file: a value for records and the audit trail."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from scanning.replies import Clean, EngineVersion, Infected, Reply


class Verdict(StrEnum):
    """What a scan says of a file."""

    #: The whole file was scanned, and nothing was found.
    CLEAN = "clean"
    #: Nothing was found in overlapping windows of a file too large to be scanned whole.
    CLEAN_WINDOWED = "clean_windowed"
    #: A signature matched.
    INFECTED = "infected"
    #: The scanner stopped at one of its limits; nothing is known.
    UNSCANNED = "unscanned"


@dataclass(frozen=True, slots=True)
class ScanOutcome:
    """One file's verdict, and what reached it."""

    verdict: Verdict
    #: Such as `ClamAV 1.4.6`.
    engine: str
    #: When the signatures were made; `None`: of unknown age.
    signatures_at: datetime | None
    #: Name of the signature that matched.
    signature: str | None = None
    #: JSON-able: `size_bytes database windows windows_scanned window_bytes overlap_bytes limit remarks`.
    detail: Mapping[str, Any] = field(default_factory=dict)


def sum_up(
    replies: tuple[Reply, ...], version: EngineVersion, clean: Verdict, detail: Mapping[str, Any]
) -> ScanOutcome:
    """Make one outcome of the replies for a file's pieces: an infection outweighs a limit, a limit clean."""
    facts = {**detail, "database": version.database}
    if remarks := sorted({reply.flag for reply in replies if isinstance(reply, Clean) and reply.flag}):
        facts["remarks"] = remarks
    for reply in replies:
        if isinstance(reply, Infected):
            return ScanOutcome(
                Verdict.INFECTED, version.engine, version.signatures_at, reply.signature, facts
            )
    limits = [reply.limit for reply in replies if not isinstance(reply, Clean | Infected)]
    if limits or not replies:
        return ScanOutcome(
            Verdict.UNSCANNED,
            version.engine,
            version.signatures_at,
            None,
            {**facts, "limit": limits[0] if limits else None},
        )
    return ScanOutcome(clean, version.engine, version.signatures_at, None, facts)
