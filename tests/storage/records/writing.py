"""A process of its own that changes evidence: `writing.py URL count|hang EVIDENCE_ID…`."""

import asyncio
import sys
import time
from dataclasses import replace

from sqlalchemy import text

from storage.evidence import Change, Evidence
from storage.records.connections import Transaction
from storage.records.database import Database, open_database
from storage.records.evidence import EvidenceRecords

TASKS, CHANGES = 2, 100


def counted(evidence: Evidence) -> Change:
    return Change(replace(evidence, facts={"n": evidence.facts.get("n", 0) + 1}), "counted", "worker:x")


async def count(database: Database, evidence_ids: list[str]) -> None:
    """Change them in turn; every error ends the process."""

    async def one_task() -> None:
        for turn in range(CHANGES):
            await EvidenceRecords(database).change(evidence_ids[turn % len(evidence_ids)], counted)

    await asyncio.gather(*(one_task() for _ in range(TASKS)))


async def hang(database: Database, evidence_ids: list[str]) -> None:
    """Store half of a change, say so, and never come to its end."""

    async def half(connection: Transaction) -> None:
        await connection.execute(text("UPDATE evidence SET state = 'ready', version = 99"))
        await connection.execute(text("DELETE FROM stage"))
        sys.stdout.write("half\n")
        sys.stdout.flush()
        time.sleep(60)  # noqa: ASYNC251 - nothing in this process may go on

    await database.write(half)


async def main(url: str, verb: str, *evidence_ids: str) -> None:
    async with open_database(url) as database:
        await {"count": count, "hang": hang}[verb](database, list(evidence_ids))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
