"""The database: its two ways in, what goes wrong there by one name each, and the schema's version."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, TypeVar

from alembic.command import upgrade
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Executable, RowMapping, Select, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from storage import migrations
from storage.errors import Damaged, SchemaOutdated, StorageError, StorageFull, StorageUnavailable
from storage.records.connections import Connections, Transaction, Work, kind_of

T = TypeVar("T")
Query = Select[*tuple[Any, ...]]
Values = Mapping[str, object]
#: A transaction that the database undid for the sake of another one is run so often, all in all.
_TRIES = 5


class _Undone(StorageUnavailable):
    """The database undid the transaction because it and another one waited for each other."""


#: What is not simply `StorageUnavailable`, by the database's code.
_ERRORS: dict[object, type[StorageError]] = {
    sqlite3.SQLITE_FULL: StorageFull,
    "53100": StorageFull,
    "40001": _Undone,
    "40P01": _Undone,
}


class Database:
    """Two ways in: `write`, and `read` to look at one consistent moment.

    A transaction whose caller is cancelled goes on to its own end: a driver that is interrupted
    between two statements may keep the lock that every other writer waits for. The caller of one that writes
    waits for that end; whoever only looks is let go at once.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._running: set[asyncio.Task[Any]] = set()

    async def write(self, work: Work[T]) -> T:
        """Do the work in one transaction: stored whole, or undone on any error.

        The work awaits nothing but its connection, and may be done again after it was undone. Raises
        `StorageFull`, `StorageUnavailable`, and whatever the work does.
        """
        return await self._to_its_end(self._run(work, writing=True))

    async def read(self, work: Work[T]) -> T:
        """Do the work on one moment of the database, without waiting for writers."""
        return await self._run(work, writing=False)

    async def fetch(self, query: Query, values: Values | None = None) -> Sequence[RowMapping]:
        """Return the rows of one query; `values`: of its parameters, by their names."""
        return await self.read(lambda connection: fetch(connection, query, values))

    async def execute(self, statement: Executable) -> None:
        """Run one writing statement."""
        await self.write(lambda connection: connection.execute(statement))

    async def close(self) -> None:
        """Let transactions end, then close every connection."""
        if self._running:
            await asyncio.wait(self._running)
        await self._connections.close()

    async def _run(self, work: Work[T], *, writing: bool) -> T:
        for _ in range(_TRIES - 1):
            with suppress(_Undone):
                return await self._try(work, writing=writing)
        return await self._try(work, writing=writing)

    async def _try(self, work: Work[T], *, writing: bool) -> T:
        with _named():
            return await self._connections.run(work, writing=writing)

    async def _to_its_end(self, transaction: Coroutine[Any, Any, T]) -> T:
        task = asyncio.create_task(transaction)
        self._running.add(task)
        task.add_done_callback(self._ended)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task})
            raise

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # nobody may be there any more to be told


async def fetch(connection: Transaction, query: Query, values: Values | None = None) -> Sequence[RowMapping]:
    """Return the rows of one query within a transaction. Raises `Damaged` for one that cannot be read."""
    result = await connection.execute(query, values)
    try:
        return result.mappings().all()
    except (ValueError, TypeError) as error:
        raise Damaged(f"a row cannot be read: {error}") from error


@asynccontextmanager
async def open_database(url: str) -> AsyncIterator[Database]:
    """Open the database at `url` (SQLAlchemy's form).

    Raises `SchemaOutdated` unless `migrate` brought it to the version this code needs.
    """
    location = make_url(url)
    if absence := kind_of(location).absence(location):
        raise SchemaOutdated(absence)
    database = Database(Connections(location))
    try:
        await database.read(lambda connection: connection.run_sync(_check_version))
        yield database
    finally:
        await database.close()


def migrate(url: str) -> None:
    """Bring the schema to the newest version; several processes may do so at once.

    It blocks. Raises `StorageError`; `StorageUnavailable` also when another process takes too long over it.
    """
    location = make_url(url)
    with _named(), kind_of(location).migrating(location) as connection:
        _upgrade_on(connection)


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


@contextmanager
def _named() -> Iterator[None]:
    """Give what goes wrong in a database one name each."""
    try:
        yield
    except IntegrityError:
        raise  # what the caller sent is refused; the database is well
    except DBAPIError as error:
        raise _ERRORS.get(_code(error), StorageUnavailable)(str(error.orig)) from error
    except (sqlite3.DatabaseError, PoolTimeoutError, OSError) as error:
        raise StorageUnavailable(str(error)) from error


def _code(error: DBAPIError) -> object:
    """Return the database's own code (sqlite.org, "Result and Error Codes"; PostgreSQL, appendix A)."""
    return getattr(error.orig, "sqlite_errorcode", None) or getattr(error.orig, "sqlstate", None)
