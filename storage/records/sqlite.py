"""SQLite: the record in one file, for the processes of one machine."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from storage.records.canonical import format_json

#: How long a transaction waits for its turn.
WAIT_SECONDS = 30
READERS = 4
#: How long a starting process waits for another one's migration.
MIGRATION_WAIT_SECONDS = 300

PRAGMAS = {
    "busy_timeout": str(WAIT_SECONDS * 1000),
    "journal_mode": "WAL",
    # WAL alone may lose the last commits with the power; evidence that was acknowledged may not.
    "synchronous": "FULL",
    "foreign_keys": "ON",
    # So that INSERT OR REPLACE does not slip past the audit trail's triggers.
    "recursive_triggers": "ON",
}

#: `busy_timeout` ends every wait.
LIMIT_SECONDS: float | None = None
KEEPS_CONNECTIONS = True


def writing(url: URL) -> Engine:
    """Return the engine of the one writer.

    SQLite allows one. A transaction that began by reading fails when it turns to writing after another
    process wrote, so every writing transaction takes its place at once (`BEGIN IMMEDIATE`), and those of one
    process wait for one thread in turn instead of polling SQLite's lock.
    """
    return _engine(url, "BEGIN IMMEDIATE", 1)


def reading(url: URL) -> Engine:
    """Return the engine of readers, who wait for nobody."""
    return _engine(url, "BEGIN", READERS)


@contextmanager
def migrating(url: URL) -> Iterator[Connection]:
    """Give a transaction while holding the migration's lock; the file and its folder are made."""
    file = _file(url)
    file.parent.mkdir(parents=True, exist_ok=True)
    engine = writing(url)
    try:
        with _one_at_a_time(file), engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def absence(url: URL) -> str | None:
    """Say that there is no such file: opening one would make it."""
    file = _file(url)
    return None if file.exists() else f"there is no database at {file}"


def count_alone(connection: Connection) -> None:
    """Do nothing: there is one writer."""


def _engine(url: URL, begin: str, connections: int) -> Engine:
    engine = create_engine(
        url.set(drivername="sqlite"),
        pool_size=connections,
        max_overflow=0,
        pool_timeout=WAIT_SECONDS,
        json_serializer=format_json,
        hide_parameters=True,
        connect_args={"check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # The driver would begin transactions by itself, deferred and too late: we say BEGIN.
    connection.isolation_level = None
    cursor = connection.cursor()
    for name, value in PRAGMAS.items():
        cursor.execute(f"PRAGMA {name}={value}")
    cursor.close()


def _file(url: URL) -> Path:
    return Path(url.database or "")


@contextmanager
def _one_at_a_time(file: Path) -> Iterator[None]:
    """Hold the migration's lock beside the file; it falls with the process, however that ends."""
    deadline = time.monotonic() + MIGRATION_WAIT_SECONDS
    with file.with_name(f"{file.name}.migrating").open("wb") as lock:
        while not _locked(lock.fileno()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{file} is still being migrated by another process")
            time.sleep(0.05)
        yield


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
