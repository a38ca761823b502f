"""How transactions run: SQLite's each in one turn of a thread, other databases' on an async driver.

An async driver of SQLite hands every single step of a transaction to a thread and back. Measured with twenty
senders of small requests, these hand-overs were half of what a request cost
(`docs/decisions/0016-a-transaction-is-one-turn-of-a-thread.md`).
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from sqlalchemy import URL, Connection, CursorResult, Engine, Executable, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from storage.records.canonical import format_json

T = TypeVar("T")

#: How long a transaction waits for its turn, here or in SQLite.
WAIT_SECONDS = 30
READERS = 4

PRAGMAS = {
    "busy_timeout": str(WAIT_SECONDS * 1000),
    "journal_mode": "WAL",
    # WAL alone may lose the last commits with the power; evidence that was acknowledged may not.
    "synchronous": "FULL",
    "foreign_keys": "ON",
    # So that INSERT OR REPLACE does not slip past the audit trail's triggers.
    "recursive_triggers": "ON",
}


class Transaction(Protocol):
    """What a transaction's work sees of its connection."""

    async def execute(self, statement: Executable, parameters: Any = None, /) -> CursorResult[Any]:  # noqa: ANN401 - as SQLAlchemy has it
        """Run one statement and fetch what it returns."""
        ...

    async def run_sync(self, work: Callable[[Connection], T], /) -> T:
        """Call the work with the plain connection."""
        ...


Work = Callable[[Transaction], Awaitable[T]]


class Connections(Protocol):
    """The connections to one database."""

    async def run(self, work: Work[T], *, writing: bool) -> T:
        """Do the work in one transaction; raises what the driver does."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...


class SqliteConnections:
    """One writer and some readers, each transaction in one turn of a thread.

    SQLite allows one writer. A transaction that began by reading fails when it turns to writing after
    another process wrote, so every writing transaction takes its place at once (`BEGIN IMMEDIATE`), and
    those of one process wait for one thread in turn instead of polling SQLite's lock.
    """

    def __init__(self, url: URL) -> None:
        plain = url.set(drivername="sqlite")
        self._engines = {
            True: _sqlite_engine(plain, "BEGIN IMMEDIATE", 1),
            False: _sqlite_engine(plain, "BEGIN", READERS),
        }
        self._threads = {
            True: ThreadPoolExecutor(1, "database-writer"),
            False: ThreadPoolExecutor(READERS, "database-reader"),
        }

    async def run(self, work: Work[T], *, writing: bool) -> T:
        """Do the work in a thread; it may await nothing but its connection."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads[writing], _transact, self._engines[writing], work)

    async def close(self) -> None:
        """Close every connection; transactions that were begun have ended by then."""
        for writing, threads in self._threads.items():
            await asyncio.to_thread(threads.shutdown)
            self._engines[writing].dispose()


class AsyncConnections:
    """Connections of an async driver."""

    def __init__(self, url: URL) -> None:
        self._engine: AsyncEngine = create_async_engine(
            url, pool_size=READERS, pool_timeout=WAIT_SECONDS, json_serializer=format_json
        )

    async def run(self, work: Work[T], *, writing: bool) -> T:  # noqa: ARG002 - writers need no turn here
        """Do the work on the event loop."""
        async with self._engine.begin() as connection:
            return await work(connection)

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


def connect(url: URL) -> Connections:
    """Return the connections for a kind of database; none is opened yet."""
    return SqliteConnections(url) if url.get_backend_name() == "sqlite" else AsyncConnections(url)


class _Turn:
    """A `Transaction` in the thread it runs in: nothing is waited for elsewhere."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def execute(self, statement: Executable, parameters: Any = None, /) -> CursorResult[Any]:  # noqa: ANN401 - as SQLAlchemy has it
        return self._connection.execute(statement, parameters)

    async def run_sync(self, work: Callable[[Connection], T], /) -> T:
        return work(self._connection)


def _transact(engine: Engine, work: Work[T]) -> T:
    with engine.begin() as connection:
        return _finish(work(_Turn(connection)))


def _finish(awaitable: Awaitable[T]) -> T:
    """Return what an awaitable returns that never waits."""
    steps = awaitable.__await__()
    try:
        next(steps)
    except StopIteration as done:
        result: T = done.value
        return result
    raise RuntimeError("a transaction's work awaits nothing but its connection")


def _sqlite_engine(url: URL, begin: str, connections: int) -> Engine:
    engine = create_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=WAIT_SECONDS,
        json_serializer=format_json,
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
