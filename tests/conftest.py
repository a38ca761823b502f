"""Fixtures that every test may ask for."""

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.records.database import migrate
from tests.services.ceph import CephServer
from tests.services.clamd import ClamdServer
from tests.services.object_store import CREDENTIALS, ObjectStore
from tests.services.postgres import PostgresServer
from tests.services.process import short_folder
from tests.services.redis import RedisServer
from tests.services.seaweed import SeaweedServer

#: What `--object-store` may name.
OBJECT_STORES: dict[str, Callable[[Path], ObjectStore]] = {"seaweed": SeaweedServer, "ceph": CephServer}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--object-store", choices=OBJECT_STORES, default="seaweed",
        help="the server that tests of an object store run on, unless they are on several machines",
    )  # fmt: skip
    parser.addoption(
        "--database", choices=["sqlite", "postgresql"], default="sqlite",
        help="what the gateway's and the workers' tests keep records in, unless they run on both",
    )  # fmt: skip
    parser.addoption(
        "--machines", action="store_true",
        help="run end-to-end tests on several machines, as tests/end_to_end/test_machines.py does",
    )  # fmt: skip


@pytest.fixture(scope="session")
def _redis_process() -> Iterator[RedisServer]:
    with short_folder() as folder:
        server = RedisServer(folder)
        server.start()
        yield server
        server.stop()


@pytest.fixture
def redis_server(_redis_process: RedisServer) -> Iterator[RedisServer]:
    """A running, empty Redis; a test that killed it gets it started again behind it."""
    yield _redis_process
    if _redis_process.process is None or _redis_process.process.poll() is not None:
        _redis_process.start()
    import redis

    with redis.Redis.from_url(_redis_process.url) as client:
        client.flushall()


@pytest.fixture(scope="session")
def _postgres_process() -> Iterator[tuple[PostgresServer, str]]:
    """One server, and in it a migrated database for others to be made like."""
    with short_folder() as folder:
        server = PostgresServer(folder)
        server.start()
        template = server.create()
        migrate(server.url(template))
        yield server, template
        server.stop()


@pytest.fixture
def postgres_server(_postgres_process: tuple[PostgresServer, str]) -> Iterator[PostgresServer]:
    """A running PostgreSQL; a test that killed it gets it started again behind it."""
    server, _ = _postgres_process
    yield server
    if server.process is None or server.process.poll() is not None:
        server.restart()


@pytest.fixture
def postgres_url(
    postgres_server: PostgresServer, _postgres_process: tuple[PostgresServer, str]
) -> Iterator[str]:
    """The URL of a migrated database of the test's own."""
    name = postgres_server.create(template=_postgres_process[1])
    yield postgres_server.url(name)
    if postgres_server.process and postgres_server.process.poll() is None:
        postgres_server.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a migrated database of the test's own, of each kind there is."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    url = f"sqlite:///{tmp_path / 'intake.db'}"
    migrate(url)
    return url


@pytest.fixture
def chosen_database(request: pytest.FixtureRequest) -> str:
    """The setting `database_url` for a test that is parametrised with `ON_BOTH`, or by `--database`."""
    kind = getattr(request, "param", request.config.getoption("--database"))
    return str(request.getfixturevalue("postgres_url")) if kind == "postgresql" else ""


@pytest.fixture(scope="session")
def _clamd_process() -> Iterator[ClamdServer]:
    with short_folder() as folder:
        server = ClamdServer(folder)
        server.start()
        yield server
        server.stop()


@pytest.fixture
def clamd_server(_clamd_process: ClamdServer) -> Iterator[ClamdServer]:
    """A running clamd that knows EICAR; a test that killed it gets it started again behind it."""
    yield _clamd_process
    if _clamd_process.process is None or _clamd_process.process.poll() is not None:
        _clamd_process.start()


@pytest.fixture(scope="session")
def _object_store_process(request: pytest.FixtureRequest) -> Iterator[ObjectStore]:
    with short_folder() as folder:
        server = OBJECT_STORES[request.config.getoption("--object-store")](folder)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@pytest.fixture
def object_store(
    _object_store_process: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ObjectStore]:
    """A running S3 server whose credentials are in the environment; one that was killed is started again."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    yield _object_store_process
    if not _object_store_process.is_running:
        _object_store_process.start()


@pytest.fixture
def s3_url(object_store: ObjectStore) -> str:
    """The setting that points at a fresh, empty prefix of a bucket."""
    return object_store.url(secrets.token_hex(8))


@pytest.fixture(scope="session")
def corpus() -> Path | None:
    """Folder of real sample files named by `CORPUS`, or `None`."""
    folder = os.environ.get("CORPUS")
    return Path(folder) if folder else None
