"""What the database says of a piece of evidence, read past the product."""

from collections import Counter

from tests.services.intake import Intake, id_of


def events(intake: Intake, evidence: str) -> list[tuple[str, str]]:
    """Kind and state of every audit event of the evidence (a path or an id), oldest first."""
    found = f"FROM audit_event WHERE evidence_id = '{id_of(evidence)}' ORDER BY seq"
    return [(kind, state) for kind, state in intake.select(f"SELECT kind, to_state {found}")]


def assert_each_step_happened_once(intake: Intake, evidence: str) -> None:
    happened = events(intake, evidence)
    counted = Counter(kind for kind, _ in happened)
    assert [counted[kind] for kind in ("received", "scanned", "verified")] == [1, 1, 1], happened
    assert [state for _, state in happened].count("ready") == 1, happened


def assert_nothing_pends(intake: Intake) -> None:
    assert intake.select("SELECT * FROM outbox") == []
