"""What the database says of a piece of evidence, read past the product."""

import sqlite3
from collections import Counter

from tests.services.intake import Intake


def events(intake: Intake, evidence: str) -> list[tuple[str, str]]:
    """Kind and state of every audit event of the evidence (a path or an id), oldest first."""
    with sqlite3.connect(f"file:{intake.folder / 'intake.db'}?mode=ro", uri=True) as database:
        query = "SELECT kind, to_state FROM audit_event WHERE evidence_id = ? ORDER BY seq"
        rows = database.execute(query, [evidence.rpartition("/")[2]]).fetchall()
    database.close()
    return [(kind, state) for kind, state in rows]


def assert_each_step_happened_once(intake: Intake, evidence: str) -> None:
    counted = Counter(kind for kind, _ in events(intake, evidence))
    for kind in ("received", "scanned", "verified"):
        assert counted[kind] == 1, (kind, counted)
    states = [state for _, state in events(intake, evidence)]
    assert states.count("ready") == 1, states


def assert_nothing_pends(intake: Intake) -> None:
    with sqlite3.connect(f"file:{intake.folder / 'intake.db'}?mode=ro", uri=True) as database:
        (pending,) = database.execute("SELECT count(*) FROM outbox").fetchone()
    database.close()
    assert pending == 0
