"""PostgreSQL: the record on a server, for any number of machines.

Writers read what is committed and lock the rows they decide about (`with_for_update`); what has no row to
lock is counted under an advisory lock. Readers see one moment
(`docs/decisions/0023-postgresql-for-several-machines.md`).
"""

import select
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Any, Literal

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, text
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from storage.records.canonical import format_json

#: Connections of one process for each of the two kinds of transactions.
CONNECTIONS = 4
#: A starting process waits this long for another one's migration.
MIGRATION_WAIT_SECONDS = 300
#: A server may have frozen, or its network be cut, and then no limit of its own ends anything.
LIMIT_SECONDS: float | None = 15
#: The pool looks at each connection before it is used again.
KEEPS_CONNECTIONS = False

#: What may be chosen in the URL's query, as libpq's parameters.
DEFAULTS = {
    "application_name": "evidence-intake",
    "connect_timeout": "5",
    # The server ends what takes too long, and the transactions of processes that froze or vanished, so that
    # their locks fall; milliseconds.
    "options": "-c statement_timeout=10000 -c lock_timeout=8000 -c idle_in_transaction_session_timeout=15000",
}


_LOCK_NOT_AVAILABLE = "55P03"


class _Lock(IntEnum):
    """Advisory locks, by numbers that other applications of the database will hardly use."""

    #: Who counts what is open, to add to it.
    COUNTING = 4_846_927_101
    #: Who migrates.
    MIGRATION = 4_846_927_102


def writing(url: URL) -> Engine:
    """Return the engine of writers. A statement sees what was committed before it began."""
    return _engine(url, "READ COMMITTED", read_only=False)


def reading(url: URL) -> Engine:
    """Return the engine of readers. All statements of a transaction see what the first one saw."""
    return _engine(url, "REPEATABLE READ", read_only=True)


@contextmanager
def migrating(url: URL) -> Iterator[Connection]:
    """Give a transaction with the migration's lock, and with as much time as a migration needs."""
    engine = writing(url)
    try:
        with engine.begin() as connection:
            for setting in (f"lock_timeout = '{MIGRATION_WAIT_SECONDS}s'", "statement_timeout = 0"):
                connection.execute(text(f"SET LOCAL {setting}"))
            _wait_for_migration(connection)
            yield connection
    finally:
        engine.dispose()


def absence(_url: URL) -> str | None:
    """Say nothing: only the server knows."""
    return None


def count_alone(connection: Connection) -> None:
    """Hold the lock of those who count until the transaction ends."""
    _take(connection, _Lock.COUNTING)


def _wait_for_migration(connection: Connection) -> None:
    try:
        _take(connection, _Lock.MIGRATION)
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise TimeoutError("the database is still being migrated by another process") from error
        raise


def _take(connection: Connection, lock: _Lock) -> None:
    connection.scalar(func.pg_advisory_xact_lock(int(lock)))


def _engine(url: URL, level: Literal["READ COMMITTED", "REPEATABLE READ"], *, read_only: bool) -> Engine:
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=CONNECTIONS,
        max_overflow=0,
        isolation_level=level,
        json_serializer=format_json,
        hide_parameters=True,
        connect_args={name: value for name, value in DEFAULTS.items() if name not in url.query},
    )

    def prepare(connection: Any, _entry: ConnectionPoolEntry) -> None:  # noqa: ANN401 - the driver's own
        connection.read_only = read_only

    event.listen(engine, "connect", prepare)
    event.listen(engine, "checkout", _refuse_dead)
    return engine


def _refuse_dead(connection: Any, _entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:  # noqa: ANN401 - the driver's own
    """Have the pool open another connection when the server ended this one while it lay idle.

    Whoever asked nothing has nothing to read but that end; so this costs no round trip.
    """
    idle = select.poll()
    idle.register(connection.fileno(), select.POLLIN)
    if idle.poll(0):
        raise DisconnectionError("the server ended the connection")
