"""When what happened to a piece of evidence, read from the database past the product."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

_LOOK_SECONDS = 0.002
_WAIT_SECONDS = 60.0


@contextmanager
def open_trail(database: Path) -> Iterator["Trail"]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        yield Trail(connection)


class Trail:
    """The audit trail and the stages, as they are committed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def wait_for_end(self, evidence_id: str) -> datetime:
        """Return when the evidence's end was there for others to see; looking costs the stack nothing."""
        deadline = time.monotonic() + _WAIT_SECONDS
        while not self.has_ended(evidence_id):
            if time.monotonic() > deadline:
                raise TimeoutError(f"not at its end within {_WAIT_SECONDS:.0f} s")
            time.sleep(_LOOK_SECONDS)
        return datetime.now(UTC)

    def has_ended(self, evidence_id: str) -> bool:
        query = "SELECT state IN ('received', 'scanned', 'verified') FROM evidence WHERE id = ?"
        ((on_its_way,),) = self._connection.execute(query, [evidence_id])
        return not on_its_way

    def events(self, evidence_id: str) -> dict[str, datetime]:
        """Return when each kind of event was written; it is seen by others once it is committed."""
        query = "SELECT kind, at FROM audit_event WHERE evidence_id = ?"
        return {kind: _parse_time(at) for kind, at in self._connection.execute(query, [evidence_id])}

    def stages(self, evidence_id: str) -> dict[str, tuple[datetime, datetime]]:
        """Return when each stage that ran began and ended."""
        query = "SELECT name, started_at, ended_at FROM stage WHERE evidence_id = ? AND started_at NOT NULL"
        rows = self._connection.execute(query, [evidence_id])
        return {name: (_parse_time(started), _parse_time(ended)) for name, started, ended in rows}


def _parse_time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
