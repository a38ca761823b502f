"""A PostgreSQL that goes, freezes, fills up or has no connection left, and what nobody may do there."""

import asyncio
import contextlib
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import make_url, select, text

from storage import tables
from storage.__main__ import main
from storage.errors import StorageFull, StorageUnavailable
from storage.evidence import Change
from storage.records import postgresql
from storage.records.audit import AuditTrail
from storage.records.connections import Connections, Transaction
from storage.records.database import Database, open_database
from storage.records.evidence import EvidenceRecords
from storage.records.uploads import UploadRecords
from tests.services.children import children_of
from tests.services.databases import ONLY_POSTGRESQL
from tests.services.disk import small_disk
from tests.services.postgres import USER, PostgresServer
from tests.storage.records.values import new_evidence, store

pytestmark = ONLY_POSTGRESQL


@pytest.fixture
async def second(database_url: str) -> AsyncIterator[Database]:
    """What another machine has of the same database."""
    async with open_database(database_url) as database:
        yield database


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits as they are, but shorter."""
    options = "-c statement_timeout=700 -c lock_timeout=500 -c idle_in_transaction_session_timeout=3000"
    monkeypatch.setitem(postgresql.DEFAULTS, "options", options)
    monkeypatch.setitem(postgresql.DEFAULTS, "connect_timeout", "2")
    monkeypatch.setattr(postgresql, "LIMIT_SECONDS", 2.0)


async def test_after_kill_9_what_was_acknowledged_is_there_and_nothing_half(
    postgres_server: PostgresServer, database: Database, uploads, trail: AuditTrail
):
    told: list[str] = []

    async def send() -> None:
        while True:
            told.append((await store(uploads)).id)

    senders = [asyncio.create_task(send()) for _ in range(8)]
    await asyncio.sleep(0.3)
    await asyncio.to_thread(postgres_server.kill)
    failed = await asyncio.gather(*senders, return_exceptions=True)
    assert {type(error) for error in failed} == {StorageUnavailable}
    with pytest.raises(StorageUnavailable):
        await store(uploads)
    await asyncio.to_thread(postgres_server.restart)
    kept = {row["id"] for row in await database.fetch(select(tables.evidence.c.id))}
    assert set(told) <= kept
    assert len(kept) - len(told) <= len(senders), "what was not acknowledged may be there, but whole"
    assert [finding async for finding in trail.verify()] == []
    assert await store(uploads)


async def test_connections_that_a_restarted_server_ended_fail_nobody(
    postgres_server: PostgresServer, database: Database, uploads
):
    await asyncio.gather(*(store(uploads) for _ in range(10)))
    await asyncio.to_thread(postgres_server.stop)
    await asyncio.to_thread(postgres_server.start)
    await asyncio.gather(*(store(uploads) for _ in range(10)), *(uploads.open_ids(9) for _ in range(10)))
    assert len(await uploads.open_ids(99)) == 20


async def test_a_frozen_server_ends_nothing_for_ever_and_is_used_again_when_it_thaws(
    quick: None, postgres_server: PostgresServer, database: Database, second: Database, uploads, database_url
):
    await asyncio.gather(*(store(uploads) for _ in range(4)))
    cold = Database(Connections(make_url(database_url)))
    server = postgres_server.process.pid
    frozen = [server, *children_of(server)]
    send_all(frozen, signal.SIGSTOP)
    try:
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await uploads.open_ids(1)
        assert time.monotonic() - began < 1.8, "whoever only looks waits no longer than he wants to"
        asked = [store(uploads) for _ in range(12)]
        asked += [UploadRecords(place).open_ids(1) for place in (second, cold)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert {type(answer) for answer in answers} == {StorageUnavailable}
        assert time.monotonic() - began < 20
        await cold.close()
    finally:
        send_all(frozen, signal.SIGCONT)
    await store(uploads)


def send_all(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):  # a backend may have ended meanwhile
            os.kill(pid, number)


async def test_a_writer_that_freezes_keeps_its_locks_only_for_a_while(
    quick: None,
    database_url: str,
    database: Database,
    uploads,
    trail: AuditTrail,
    monkeypatch: pytest.MonkeyPatch,
):
    evidence = await store(uploads)
    monkeypatch.setattr(postgresql, "LIMIT_SECONDS", 20.0)
    entered, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    async def hang(connection: Transaction) -> None:
        await connection.execute(text("UPDATE evidence SET state = 'ready', version = 99"))
        loop.call_soon_threadsafe(entered.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(20)

    async with open_database(database_url) as place:
        hanging = asyncio.create_task(place.write(hang))
        await entered.wait()
        records = EvidenceRecords(database)
        with pytest.raises(StorageUnavailable):
            await records.change(evidence.id, lambda now: Change(now, "looked", "worker:x"))
        while True:  # until the server ended the session of the one that hangs
            try:
                await records.change(evidence.id, lambda now: Change(now, "looked", "worker:x"))
                break
            except StorageUnavailable:
                continue
        go_on.set()
        with pytest.raises(StorageUnavailable):
            await hanging
    assert [finding async for finding in trail.verify()] == []


async def test_too_many_connections_are_an_outage_that_passes(
    postgres_server: PostgresServer, database_url: str, database: Database, uploads
):
    name = database_url.rpartition("/")[2]
    postgres_server.execute(f"ALTER DATABASE {name} CONNECTION LIMIT 2")
    postgres_server.execute("CREATE ROLE plain LOGIN")  # a superuser has no limit
    try:
        plain = database_url.replace("//intake@", "//plain@")
        postgres_server.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO plain", name)
        async with open_database(plain) as limited:
            records = UploadRecords(limited)
            asked = await asyncio.gather(*(records.open_ids(1) for _ in range(8)), return_exceptions=True)
            assert {type(answer) for answer in asked} <= {tuple, StorageUnavailable}
            assert StorageUnavailable in {type(answer) for answer in asked}
            postgres_server.execute(f"ALTER DATABASE {name} CONNECTION LIMIT 20")
            assert await asyncio.gather(*(records.open_ids(1) for _ in range(8)))
    finally:
        postgres_server.execute("DROP OWNED BY plain", name)
        postgres_server.execute("DROP ROLE plain")


async def test_a_role_that_owns_nothing_cannot_put_the_audit_trails_guard_aside(
    postgres_server: PostgresServer, database_url: str, uploads
):
    await store(uploads)
    name = database_url.rpartition("/")[2]
    postgres_server.execute("CREATE ROLE writer LOGIN")
    try:
        rights = "SELECT, INSERT, UPDATE, DELETE"
        postgres_server.execute(f"GRANT {rights} ON ALL TABLES IN SCHEMA public TO writer", name)
        async with open_database(database_url.replace("//intake@", "//writer@")) as database:
            assert await store(UploadRecords(database))
            for statement in (
                "ALTER TABLE audit_event DISABLE TRIGGER ALL",
                "SET LOCAL session_replication_role = replica",
                "DROP TRIGGER audit_event_no_change ON audit_event",
                "TRUNCATE audit_event",
            ):
                with pytest.raises(StorageUnavailable, match=r"must be owner|permission denied"):
                    await database.execute(text(statement))
    finally:
        postgres_server.execute("DROP OWNED BY writer", name)
        postgres_server.execute("DROP ROLE writer")


async def test_a_full_disk_stores_nothing_and_passes_when_there_is_room(
    postgres_server: PostgresServer, database_url: str
):
    with small_disk(64 << 20) as disk:
        if not disk.mounted:
            pytest.skip("no disk can be mounted here, so none can be filled")
        (disk.folder / "ballast").write_bytes(bytes(24 << 20))
        space = disk.folder / "space"
        space.mkdir()
        if os.getuid() == 0:
            shutil.chown(space, USER)
        postgres_server.execute(f"CREATE TABLESPACE small LOCATION '{space}'")
        name = database_url.rpartition("/")[2]
        postgres_server.execute(f"ALTER DATABASE {name} SET TABLESPACE small")
        async with open_database(database_url) as database:
            uploads, records = UploadRecords(database), EvidenceRecords(database)
            evidence = await store(uploads)
            with pytest.raises(StorageFull):
                await fill(uploads)
            assert await records.load(evidence.id, None) == evidence
            (disk.folder / "ballast").unlink()
            assert await store(uploads, new_evidence(facts={"x": os.urandom(1 << 20).hex()}))
        postgres_server.drop(name)
        postgres_server.execute("DROP TABLESPACE small")


async def fill(uploads: UploadRecords) -> None:
    while True:
        await store(uploads, new_evidence(facts={"x": os.urandom(2 << 20).hex()}))


def test_the_commands_say_in_one_line_that_there_is_no_server(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    monkeypatch.setenv("INTAKE_DATA", str(tmp_path))
    monkeypatch.setenv("INTAKE_DATABASE_URL", "postgresql://intake:secret@127.0.0.1:1/none")
    for command in ("migrate", "verify"):
        assert main([command]) == 2
        said = capsys.readouterr().err
        assert "Connection refused" in said
        assert "secret" not in said
