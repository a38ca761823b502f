"""What a stream follows. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """One piece of evidence, those of one centre, or (without either) every centre's."""

    centre_id: str | None
    evidence_id: str | None = None


def scopes_of(centre_id: str, evidence_id: str) -> tuple[Scope, ...]:
    """Return every scope that this piece of evidence lies in."""
    return Scope(None), Scope(centre_id), Scope(centre_id, evidence_id)
