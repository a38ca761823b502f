"""How transactions run: each in one turn of a thread, on the plain driver of its database.

An async driver hands every single step of a transaction to an event loop and back. Measured with twenty
senders of small requests, these hand-overs were half of what a request cost on SQLite
(`docs/decisions/0016-a-transaction-is-one-turn-of-a-thread.md`), and no gain on PostgreSQL
(`docs/decisions/0023-postgresql-for-several-machines.md`).
"""

import asyncio
import os
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import URL, Connection, CursorResult, Engine, Executable
from sqlalchemy.pool import QueuePool

from storage.records import postgresql, sqlite
from storage.threads import Threads

T = TypeVar("T")


class Transaction(Protocol):
    """What a transaction's work sees of its connection."""

    async def execute(self, statement: Executable, parameters: Any = None, /) -> CursorResult[Any]:  # noqa: ANN401 - as SQLAlchemy has it
        """Run one statement and fetch what it returns."""
        ...

    async def run_sync(self, work: Callable[[Connection], T], /) -> T:
        """Call the work with the plain connection."""
        ...


#: What a transaction does; it may be called again when the first time was undone.
Work = Callable[[Transaction], Awaitable[T]]


class Kind(Protocol):
    """What one kind of database has of its own."""

    #: A transaction that takes longer is cut off; `None`: the driver ends every wait by itself.
    LIMIT_SECONDS: float | None
    #: Whether a thread keeps its connection between transactions, where nothing else can end it.
    KEEPS_CONNECTIONS: bool

    def writing(self, url: URL) -> Engine:
        """Return what opens connections for transactions that write; what they read nobody else changes."""
        ...

    def reading(self, url: URL) -> Engine:
        """Return what opens connections for transactions that look at one moment."""
        ...

    def migrating(self, url: URL) -> AbstractContextManager[Connection]:
        """Give a transaction that may change the schema while nobody else does. Raises `TimeoutError`."""
        ...

    def absence(self, url: URL) -> str | None:
        """Say why there is no database to open, if that can be told without opening one."""
        ...

    def count_alone(self, connection: Connection) -> None:
        """Let a writing transaction wait until it is the only one that counts what it adds to."""
        ...


KINDS: dict[str, Kind] = {"sqlite": sqlite, "postgresql": postgresql}


class Connections:
    """Connections for writers and for readers, with a thread for each; none is open yet."""

    def __init__(self, url: URL) -> None:
        kind = kind_of(url)
        self._ways = {
            writing: _Way(engine, keeps=kind.KEEPS_CONNECTIONS)
            for writing, engine in ((True, kind.writing(url)), (False, kind.reading(url)))
        }
        self._limit_seconds = kind.LIMIT_SECONDS

    async def run(self, work: Work[T], *, writing: bool) -> T:
        """Do the work in one transaction; it may await nothing but its connection.

        It goes on to its own end, or its limit, when its caller is cancelled. Raises what the driver does
        and `TimeoutError`.
        """
        way = self._ways[writing]
        turn = _Turn(way, work)
        result: asyncio.Future[T] = way.threads.call(turn.take, ())
        if self._limit_seconds is not None:
            timer = result.get_loop().call_later(self._limit_seconds, _cut, turn, result)
            result.add_done_callback(lambda done: None if done.cancelled() else timer.cancel())
        return await result

    async def close(self) -> None:
        """Wait for the transactions that were begun, then close every connection."""
        for way in self._ways.values():
            way.threads.end()
            await asyncio.to_thread(way.threads.join)
            way.close()


class _Way:
    """The connections of one kind of transactions and their threads."""

    def __init__(self, engine: Engine, *, keeps: bool) -> None:
        self._engine = engine
        self._keeps = keeps
        self._kept: dict[int, Connection] = {}
        self.threads = Threads(_connections(engine), "database")

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Give this thread's connection; one that meets an error is never used again."""
        if not self._keeps:
            with self._engine.connect() as connection:
                yield connection
            return
        thread = threading.get_ident()
        connection = self._kept.get(thread) or self._kept.setdefault(thread, self._engine.connect())
        try:
            yield connection
        except BaseException:
            self._kept.pop(thread).close()
            raise

    def close(self) -> None:
        """Close every connection; the threads have ended."""
        for connection in self._kept.values():
            connection.close()
        self._engine.dispose()


def _cut(turn: "_Turn[Any]", result: asyncio.Future[Any]) -> None:
    if not turn.cut() and not result.done():
        result.set_exception(TimeoutError())


def kind_of(url: URL) -> Kind:
    """Return how a database is spoken to. Raises `ValueError` for a kind that is not known here."""
    name = url.get_backend_name()
    if name not in KINDS:
        raise ValueError(f"records are kept in {' or '.join(KINDS)}, not in {name}")
    return KINDS[name]


async def count_alone(connection: Transaction) -> None:
    """Let nobody else count, and then add to, what this transaction counts until it has ended."""
    await connection.run_sync(lambda plain: KINDS[plain.dialect.name].count_alone(plain))


@dataclass(slots=True)
class _Turn(Generic[T]):
    """One transaction in the thread that runs it, which others may cut off."""

    way: _Way
    work: Work[T]
    connection: Connection | None = None
    is_cut: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> T:
        with self.way.connection() as connection:
            self._hold(connection)
            try:
                with connection.begin():
                    return _finish(self.work(_Statements(connection)))
            finally:
                self._hold(None)

    def _hold(self, connection: Connection | None) -> None:
        with self.lock:
            if connection and self.is_cut:
                raise TimeoutError
            self.connection = connection

    def cut(self) -> bool:
        """End the connection, so that the thread that waits for its server waits no longer.

        Return whether there is one; else the transaction will never begin.
        """
        with self.lock:
            if not self.connection:
                self.is_cut = True
                return False
            with suppress(OSError):
                driver: Any = self.connection.connection.dbapi_connection
                with socket.socket(fileno=os.dup(driver.fileno())) as end:
                    end.shutdown(socket.SHUT_RDWR)
            return True


class _Statements:
    """A `Transaction` in the thread it runs in: nothing is waited for elsewhere."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def execute(self, statement: Executable, parameters: Any = None, /) -> CursorResult[Any]:  # noqa: ANN401 - as SQLAlchemy has it
        return self._connection.execute(statement, parameters)

    async def run_sync(self, work: Callable[[Connection], T], /) -> T:
        return work(self._connection)


def _finish(awaitable: Awaitable[T]) -> T:
    """Return what an awaitable returns that never waits."""
    steps = awaitable.__await__()
    try:
        next(steps)
    except StopIteration as done:
        result: T = done.value
        return result
    raise RuntimeError("a transaction's work awaits nothing but its connection")


def _connections(engine: Engine) -> int:
    if not isinstance(engine.pool, QueuePool):
        raise TypeError(f"{engine.pool} does not say how many connections it has")
    return engine.pool.size()
