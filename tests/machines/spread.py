"""The whole product on seven machines, for the end-to-end tests: PostgreSQL, Redis and an object store,
two gateways, two workers, each on a machine of its own."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from tests.machines.fleet import ADDRESSES, PORT
from tests.machines.network import Machine, wire
from tests.services.clamd import ClamdServer
from tests.services.intake import Intake, Place, id_of
from tests.services.object_store import BUCKET, CREDENTIALS
from tests.services.postgres import PostgresServer
from tests.services.process import short_folder
from tests.services.redis import RedisServer
from tests.services.seaweed import SeaweedServer

_PREFIX = "spread/"


class _Queues(RedisServer):
    """Redis on a machine of its own."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine.folder, machine.address)
        self._machine = machine

    def start(self, *prefix: str) -> None:
        super().start(*prefix, *self._machine.words)


class SpreadIntake(Intake):
    """One deployment, spread over machines that are plugged in."""

    def __init__(
        self, folder: Path, clamd: ClamdServer, machines: dict[str, Machine], **settings: object
    ) -> None:
        database, store = machines["database"], machines["store"]
        self._machines = machines
        self._postgres = PostgresServer(database.folder, database.address, 5432)
        self._bucket = SeaweedServer(store.folder, store.address)
        queues = _Queues(machines["queues"])
        shared = {
            "database_url": self._postgres.url("postgres"),
            "redis_url": queues.url,
            "storage": self._bucket.url(_PREFIX),
            "port": PORT,
        }
        super().__init__(folder, clamd, **shared, **settings)
        self.redis = queues
        self.gateway_places = [self._place(name) for name in ("gateway1", "gateway2")]
        self.worker_places = [self._place(name) for name in ("worker1", "worker2")]

    def _place(self, name: str) -> Place:
        machine = self._machines[name]
        return Place(machine.folder, machine.address, machine.words)

    def _environment_at(self, place: Place) -> dict[str, str]:
        return {**super()._environment_at(place), **CREDENTIALS}

    def start(self) -> None:
        self._postgres.start(*self._machines["database"].words)
        self._bucket.start(*self._machines["store"].words)
        super().start()

    def stop(self) -> None:
        super().stop()
        self._bucket.stop()
        self._postgres.stop()

    def select(self, query: str) -> list[tuple[Any, ...]]:
        url = self._postgres.url("postgres").replace("+psycopg", "")
        with psycopg.connect(url) as connection:
            return connection.execute(query.encode()).fetchall()

    def kept(self, evidence: str) -> list[str]:
        folder = self._key(evidence, "")
        pages = self._bucket.client().get_paginator("list_objects_v2")
        listed = pages.paginate(Bucket=BUCKET, Prefix=folder)
        return [found["Key"].removeprefix(folder) for page in listed for found in page.get("Contents", [])]

    def read(self, evidence: str, name: str) -> bytes:
        answer = self._bucket.client().get_object(Bucket=BUCKET, Key=self._key(evidence, name))
        return answer["Body"].read()

    def overwrite(self, evidence: str, name: str, data: bytes) -> None:
        self._bucket.client().put_object(Bucket=BUCKET, Key=self._key(evidence, name), Body=data)

    def _key(self, evidence: str, name: str) -> str:
        return f"{_PREFIX}blobs/{id_of(evidence)}/{name}"


@contextmanager
def spread(clamd: ClamdServer, **settings: object) -> Iterator[Intake]:
    """A whole deployment on machines of its own; for who may have them (`tests.machines.network`)."""
    with ExitStack() as stack:
        stack.enter_context(wire())
        folder = stack.enter_context(short_folder())
        machines = {name: Machine(name, number, folder) for name, number in ADDRESSES.items()}
        for machine in machines.values():
            machine.plug_in()
            stack.callback(machine.vanish)
        intake = SpreadIntake(folder, clamd, machines, **settings)
        stack.callback(intake.stop)
        intake.start()
        yield intake
