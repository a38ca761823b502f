"""The database: its two ways in, what goes wrong there by one name each, and the schema's version."""

import asyncio
import fcntl
import sqlite3
import time
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from alembic.command import upgrade
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Executable, RowMapping, Select, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from storage import migrations
from storage.errors import Damaged, SchemaOutdated, StorageFull, StorageUnavailable
from storage.records.connections import Connections, Transaction, Work, connect

T = TypeVar("T")
Query = Select[*tuple[Any, ...]]
#: How long a starting process waits for another one's migration.
MIGRATION_WAIT_SECONDS = 300


class Database:
    """Two ways in: `write`, and `read` to look at one consistent moment.

    A transaction whose caller is cancelled goes on to its own end: a driver that is interrupted
    between two statements may keep the lock that every other writer waits for.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._running: set[asyncio.Task[Any]] = set()

    async def write(self, work: Work[T]) -> T:
        """Do the work in one transaction: stored whole, or undone on any error.

        The work awaits nothing but its connection. Raises `StorageFull`, `StorageUnavailable`, and whatever
        the work does.
        """
        return await self._to_its_end(self._run(work, writing=True))

    async def read(self, work: Work[T]) -> T:
        """Do the work on one moment of the database, without waiting for writers."""
        return await self._to_its_end(self._run(work, writing=False))

    async def fetch(self, query: Query) -> Sequence[RowMapping]:
        """Return the rows of one query."""
        return await self.read(lambda connection: fetch(connection, query))

    async def execute(self, statement: Executable) -> None:
        """Run one writing statement."""
        await self.write(lambda connection: connection.execute(statement))

    async def close(self) -> None:
        """Let transactions end, then close every connection."""
        if self._running:
            await asyncio.wait(self._running)
        await self._connections.close()

    async def _run(self, work: Work[T], *, writing: bool) -> T:
        try:
            return await self._connections.run(work, writing=writing)
        except IntegrityError:
            raise  # what the caller sent is refused; the database is well
        except DBAPIError as error:
            if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
                raise StorageFull("the database's disk is full") from error
            raise StorageUnavailable(str(error.orig)) from error
        except (sqlite3.DatabaseError, PoolTimeoutError, OSError) as error:
            raise StorageUnavailable(str(error)) from error

    async def _to_its_end(self, transaction: Coroutine[Any, Any, T]) -> T:
        task = asyncio.create_task(transaction)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task})
            raise


async def fetch(connection: Transaction, query: Query) -> Sequence[RowMapping]:
    """Return the rows of one query within a transaction. Raises `Damaged` for one that cannot be read."""
    result = await connection.execute(query)
    try:
        return result.mappings().all()
    except (ValueError, TypeError) as error:
        raise Damaged(f"a row cannot be read: {error}") from error


@asynccontextmanager
async def open_database(url: str) -> AsyncIterator[Database]:
    """Open the database at `url` (SQLAlchemy's form; with an async driver unless it is SQLite's).

    Raises `SchemaOutdated` unless `migrate` brought it to the version this code needs.
    """
    file = _file(make_url(url))
    if file and not file.exists():
        raise SchemaOutdated(f"there is no database at {file}")
    database = Database(connect(make_url(url)))
    try:
        await database.read(lambda connection: connection.run_sync(_check_version))
        yield database
    finally:
        await database.close()


def migrate(url: str) -> None:
    """Bring the schema to the newest version; several processes may do so at once.

    Not to be called from a running event loop (use `asyncio.to_thread`). Raises `TimeoutError` when
    another process holds the migration for too long.
    """
    with _one_at_a_time(_file(make_url(url))):
        asyncio.run(_upgrade(url))


async def _upgrade(url: str) -> None:
    connections = connect(make_url(url))
    try:
        await connections.run(lambda connection: connection.run_sync(_upgrade_on), writing=True)
    finally:
        await connections.close()


def _upgrade_on(connection: Connection) -> None:
    config = _alembic()
    config.attributes["connection"] = connection
    upgrade(config, "head")


def _check_version(connection: Connection) -> None:
    head = ScriptDirectory.from_config(_alembic()).get_current_head()
    present = MigrationContext.configure(connection).get_current_revision()
    if present != head:
        raise SchemaOutdated(f"the database is at version {present}, this code needs {head}")


def _alembic() -> Config:
    config = Config()
    # Alembic interpolates its options: a `%` in the path must be doubled.
    config.set_main_option("script_location", migrations.__path__[0].replace("%", "%%"))
    return config


def _file(url: URL) -> Path | None:
    """Return the file of an SQLite database."""
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


@contextmanager
def _one_at_a_time(file: Path | None) -> Iterator[None]:
    """Hold the migration's lock beside the file; it falls with the process, however that ends."""
    if file is None:
        yield
        return
    file.parent.mkdir(parents=True, exist_ok=True)
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
