import asyncio
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, insert, select, text
from sqlalchemy.exc import IntegrityError, StatementError

from storage import tables
from storage.errors import SchemaOutdated, StorageFull, StorageUnavailable
from storage.migrations import versions
from storage.records.audit import AuditTrail
from storage.records.connections import Transaction
from storage.records.database import Database, fetch, migrate, open_database
from storage.records.evidence import EvidenceRecords
from tests.services.databases import ONLY_SQLITE
from tests.services.postgres import PostgresServer
from tests.storage.records.values import NOW, new_evidence, store

ROOT = Path(__file__).parents[3]
WRITING = Path(__file__).with_name("writing.py")


@contextmanager
def python(*arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-W", "error", *arguments]
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), **environment}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    with process:
        try:
            yield process
        finally:
            process.kill()


def outcome(process: subprocess.Popen[str]) -> tuple[int, str]:
    said = process.communicate(timeout=60)[0]
    return process.returncode, said


def entries(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_three_processes_of_two_tasks_write_600_times_without_a_locked_database(
    database_url, records: EvidenceRecords, uploads, trail: AuditTrail
):
    ids = [(await store(uploads)).id for _ in range(5)]
    command = (str(WRITING), database_url, "count", *ids)
    with python(*command) as one, python(*command) as two, python(*command) as three:
        assert [outcome(process) for process in (one, two, three)] == [(0, "")] * 3
    counts = [(await records.load(evidence_id, None)).facts["n"] for evidence_id in ids]
    assert counts == [120] * 5
    assert [finding async for finding in trail.verify()] == []


async def test_kill_9_in_the_middle_of_a_transaction_leaves_nothing_of_it(
    database_url, records: EvidenceRecords, uploads, trail: AuditTrail
):
    evidence = await store(uploads)
    with python(str(WRITING), database_url, "hang") as process:
        assert process.stdout.readline() == "half\n"
        assert await records.load(evidence.id, None) == evidence
        process.kill()
    assert await records.load(evidence.id, None) == evidence
    assert await records.change(evidence.id, lambda _: None) is None
    assert [finding async for finding in trail.verify()] == []


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_several_processes_may_migrate_at_once(tmp_path: Path, postgres_server: PostgresServer, kind: str):
    empty = {
        "sqlite": f"sqlite:///{tmp_path / 'new folder' / '100%.db'}",
        "postgresql": postgres_server.url(postgres_server.create()),
    }
    setting = {"INTAKE_DATABASE_URL": empty[kind]}
    command = ("-m", "storage", "migrate")
    with (
        python(*command, **setting) as one,
        python(*command, **setting) as two,
        python(*command, **setting) as three,
    ):
        assert [outcome(process) for process in (one, two, three)] == [(0, "")] * 3
    newest = max(step.stem[:4] for step in Path(versions.__path__[0]).glob("0*.py"))
    engine = create_engine(empty[kind])
    with engine.connect() as connection:
        assert connection.scalars(text("SELECT version_num FROM alembic_version")).all() == [newest]
    engine.dispose()


async def test_the_migrations_make_the_tables_that_the_code_uses(database: Database):
    def differences(connection) -> list[object]:
        return compare_metadata(
            MigrationContext.configure(connection, opts={"compare_type": True}), tables.metadata
        )

    assert await database.read(lambda connection: connection.run_sync(differences)) == []


async def test_a_migration_that_fails_leaves_nothing(tmp_path: Path):
    file = tmp_path / "intake.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE upload (id TEXT)")
        connection.commit()
    with pytest.raises(Exception, match="already exists"):
        await asyncio.to_thread(migrate, f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall() == [
            ("upload",)
        ]


async def test_a_database_at_another_version_is_not_opened(database_url, database: Database):
    await database.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(SchemaOutdated, match="0000"):
        async with open_database(database_url):
            pass


@pytest.mark.parametrize("name", ["missing.db", "missing/folder.db"])
async def test_a_missing_database_is_not_made_by_opening_it(tmp_path: Path, name):
    with pytest.raises(SchemaOutdated, match="no database"):
        async with open_database(f"sqlite:///{tmp_path / name}"):
            pass
    assert entries(tmp_path) == []


async def test_an_empty_database_is_not_opened(tmp_path: Path):
    (tmp_path / "empty.db").touch()
    with pytest.raises(SchemaOutdated):
        async with open_database(f"sqlite:///{tmp_path / 'empty.db'}"):
            pass


@ONLY_SQLITE
async def test_every_connection_syncs_fully_and_keeps_foreign_keys(database: Database):
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}

    async def pragmas(connection: Transaction) -> dict[str, object]:
        return {name: (await connection.execute(text(f"PRAGMA {name}"))).scalar() for name in wanted}

    assert await database.write(pragmas) == wanted
    assert await database.read(pragmas) == wanted


async def test_a_reader_sees_one_moment_while_a_writer_commits(database: Database, uploads):
    await store(uploads)
    everything = select(tables.evidence)

    loop = asyncio.get_running_loop()

    async def look_twice(connection: Transaction) -> list[int]:
        first = await fetch(connection, everything)
        asyncio.run_coroutine_threadsafe(store(uploads), loop).result(10)
        return [len(first), len(await fetch(connection, everything))]

    assert await database.read(look_twice) == [1, 1]
    assert len(await database.fetch(everything)) == 2


async def test_rows_of_evidence_that_does_not_exist_are_refused(database: Database):
    with pytest.raises(IntegrityError):
        await database.execute(
            insert(tables.stage).values(evidence_id="x", name="scan", state="done", attempt=1, deaths=0)
        )


async def test_times_come_back_as_aware_utc_to_the_microsecond(uploads):
    evidence = await store(uploads)
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-9, minutes=-30)))
    await uploads.touch(f"upload-{evidence.id}", elsewhere)
    loaded = (await uploads.load(f"upload-{evidence.id}", None)).expires_at
    assert (loaded, loaded.utcoffset(), loaded.microsecond) == (NOW, timedelta(0), 123456)


async def test_a_time_without_a_zone_is_refused(uploads):
    evidence = await store(uploads)
    with pytest.raises(StatementError, match="no time zone"):
        await uploads.touch(f"upload-{evidence.id}", datetime(2026, 1, 1))  # noqa: DTZ001 - the case


async def test_closing_waits_for_transactions_whose_callers_were_cancelled_twice(database_url):
    loop = asyncio.get_running_loop()
    entered, finished, go_on = asyncio.Event(), [], threading.Event()

    async def slow(connection: Transaction) -> None:
        loop.call_soon_threadsafe(entered.set)
        go_on.wait(10)
        await connection.execute(text("SELECT 1"))
        finished.append(True)

    async with open_database(database_url) as database:
        caller = asyncio.create_task(database.write(slow))
        await entered.wait()
        for _ in range(2):
            caller.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await caller
        assert finished == []
        loop.call_later(0.1, go_on.set)
    assert finished == [True]


async def test_a_transaction_that_waits_for_anything_else_is_undone(database: Database, uploads):
    async def dawdle(connection: Transaction) -> None:
        await connection.execute(insert(tables.signature_set).values(effective_at=NOW, identity="x"))
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="nothing but its connection"):
        await database.write(dawdle)
    assert await database.fetch(select(tables.signature_set)) == []
    assert await store(uploads)


@ONLY_SQLITE
async def test_a_damaged_database_file_is_storage_that_does_not_answer(database_url, tmp_path: Path):
    file = tmp_path / "intake.db"
    content = file.read_bytes()
    file.write_bytes(content[:4096] + b"\xa5" * (len(content) - 4096))
    with pytest.raises(StorageUnavailable, match="malformed"):
        async with open_database(database_url):
            pass


@ONLY_SQLITE
async def test_a_full_disk_stores_nothing_and_passes_when_there_is_room(database: Database, uploads, records):
    evidence = await store(uploads)
    await database.execute(text("PRAGMA max_page_count = 1"))
    with pytest.raises(StorageFull):
        await store(uploads, new_evidence(filename="x" * 1_000_000))
    await database.execute(text("PRAGMA max_page_count = 1000000"))
    assert await records.load(evidence.id, None) == evidence
    assert await store(uploads)
