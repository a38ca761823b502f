"""`python -m tests.end_to_end.withdrawal ID`: the evidence is withdrawn, whatever happens to it just then."""

import asyncio
import sys
from dataclasses import replace
from datetime import UTC, datetime

from config.settings import Settings
from storage.evidence import Change, Evidence
from storage.records.database import open_database
from storage.records.evidence import EvidenceRecords
from storage.states import EvidenceState
from workers.pipeline import forget_segments, open_job_ids


def withdrawn(evidence: Evidence) -> Change:
    ended = replace(evidence, state=EvidenceState.WITHDRAWN, code="upload_cancelled")
    after, sweep = forget_segments(ended, datetime.now(UTC))
    return Change(after, "withdrawn", "test", sweep, open_job_ids(evidence))


async def withdraw(evidence_id: str) -> None:
    async with open_database(Settings().database_url) as database:
        assert await EvidenceRecords(database).change(evidence_id, withdrawn)


if __name__ == "__main__":
    asyncio.run(withdraw(sys.argv[1]))
