"""The whole product as real processes, each of which may be killed and started again."""

import json
import os
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.services.children import listeners_of
from tests.services.clamd import ClamdServer
from tests.services.ports import free_port
from tests.services.process import short_folder, start, stop, wait_until
from tests.services.redis import RedisServer

ROOT = Path(__file__).resolve().parents[2]
QUEUES = ("scan", "verify", "video", "image")


@dataclass(frozen=True, slots=True)
class Place:
    """Where processes run: their data, and the words that their command lines begin with to be there."""

    folder: Path
    host: str = "127.0.0.1"
    words: tuple[str, ...] = ()


class Intake:
    """One deployment in a folder. `clamd` may be shared: it keeps nothing of what it scans."""

    def __init__(self, folder: Path, clamd: ClamdServer, **settings: object) -> None:
        self.folder = folder
        self.clamd = clamd
        self.redis = RedisServer(folder)
        #: Each has a gateway.
        self.gateway_places: Sequence[Place] = [Place(folder)]
        #: Each has a worker, unless a test starts more of them.
        self.worker_places: Sequence[Place] = [Place(folder)]
        self.gateways: list[subprocess.Popen[bytes]] = []
        self.workers: list[subprocess.Popen[bytes]] = []
        self._place_of: dict[int, Place] = {}
        self.settings = {
            "redis_url": self.redis.url,
            "clamd_sockets": json.dumps([str(clamd.socket)]),
            "port": free_port(),
            "lease_seconds": 2,
            "reconcile_seconds": 0.5,
            "max_backoff_seconds": 2,
            "allow_demonstration_signatures": 1,
            **settings,
        }
        self.port = int(str(self.settings["port"]))
        self.key = ""

    @property
    def gateway(self) -> subprocess.Popen[bytes] | None:
        return self.gateways[0] if self.gateways else None

    @property
    def urls(self) -> list[str]:
        """Where each gateway is."""
        return [f"http://{place.host}:{self.port}" for place in self.gateway_places]

    @property
    def url(self) -> str:
        return self.urls[0]

    @property
    def environment(self) -> dict[str, str]:
        return self._environment_at(self.gateway_places[0])

    def _environment_at(self, place: Place) -> dict[str, str]:
        settings = {"data": place.folder, "host": place.host, **self.settings}
        named = {f"INTAKE_{name.upper()}": str(value) for name, value in settings.items()}
        return {**os.environ, **named, "PYTHONPATH": str(ROOT)}

    def start(self) -> None:
        self.redis.start()
        self.run("storage", "migrate")
        self.key = self.make_key("--centre", "GB001", "--role", "ops")
        self.start_gateway()
        self.start_workers()

    def run(self, *words: str) -> str:
        done = subprocess.run(
            [*self.gateway_places[0].words, sys.executable, "-m", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def make_key(self, *options: str) -> str:
        return self.run("gateway", "keys", "create", "--label", "test", *options).strip()

    def start_gateway(self, processes: int = 1) -> None:
        """Start all gateways, each with so many processes."""
        words = ["gateway", "serve", "--processes", str(processes)]
        self.gateways = [self._start_at(place, "gateway.log", *words) for place in self.gateway_places]
        for url, process in zip(self.urls, self.gateways, strict=True):
            wait_until(
                lambda url=url: _is_ready(url), 30, alive=lambda process=process: process.poll() is None
            )
        if processes > 1:  # any one of them makes the gateway ready
            wait_until(lambda: listeners_of(self.port) == processes)

    def _start_at(self, place: Place, log: str, *words: str) -> subprocess.Popen[bytes]:
        argv = [*place.words, sys.executable, "-m", *words]
        return start(argv, place.folder / log, self._environment_at(place))

    def beside(self) -> "Intake":
        """A second gateway of the same deployment, on a port of its own; not started."""
        second = Intake(self.folder, self.clamd, **{**self.settings, "port": free_port()})
        second.key = self.key
        return second

    def start_workers(self) -> None:
        """Start what is missing of one worker at each place."""
        while len(self.workers) < len(self.worker_places):
            self.start_worker()

    def start_worker(self, *queues: str) -> subprocess.Popen[bytes]:
        """Start one more worker, at a place that has none if there is such a place."""
        taken = [self._place_of[worker.pid] for worker in self.workers]
        free = [place for place in self.worker_places if place not in taken]
        place = (free or self.worker_places)[0]
        worker = self._start_at(place, "workers.log", "workers", *(queues or QUEUES))
        self._place_of[worker.pid] = place
        self.workers.append(worker)
        return worker

    def kill_gateway(self) -> None:
        """Kill all gateways."""
        for gateway in self.gateways:
            gateway.kill()
            gateway.wait()

    def kill_workers(self) -> None:
        for worker in self.workers:
            worker.kill()
            worker.wait()
        self.workers.clear()

    def stop(self) -> None:
        for process in [*self.gateways, *self.workers]:
            stop(process)
        self.redis.stop()

    def select(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the records, past the product."""
        with closing(sqlite3.connect(f"file:{self.folder / 'intake.db'}?mode=ro", uri=True)) as database:
            return database.execute(query).fetchall()

    def kept(self, evidence: str) -> list[str]:
        """Names of what the store has of the evidence (a path or an id), read past the product."""
        folder = self._blobs(evidence)
        return [str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()]

    def read(self, evidence: str, name: str) -> bytes:
        return (self._blobs(evidence) / name).read_bytes()

    def overwrite(self, evidence: str, name: str, data: bytes) -> None:
        (self._blobs(evidence) / name).write_bytes(data)

    def _blobs(self, evidence: str) -> Path:
        found = [*(self.folder / "store" / "blobs").glob(f"*/{id_of(evidence)}")]
        return found[0] if found else self.folder / "nothing"

    def logs(self) -> str:
        """The ends of the logs, for a failing test to show."""
        places = dict.fromkeys([*self.gateway_places, *self.worker_places])
        files = [place.folder / log for place in places for log in ("gateway.log", "workers.log")]
        return "\n".join(f"--- {file}\n{file.read_text()[-4000:]}" for file in files if file.exists())


def _is_ready(url: str) -> bool:
    with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:
        return bool(answer.status == 200)


def id_of(evidence: str) -> str:
    """Return the id that a path of evidence ends with; an id is that already."""
    return evidence.rpartition("/")[2]


@contextmanager
def deployed(clamd: ClamdServer, **settings: object) -> Iterator[Intake]:
    """A whole deployment on this machine, with one gateway and one worker."""
    with short_folder() as folder:
        intake = Intake(folder, clamd, **settings)
        try:
            intake.start()
            yield intake
        finally:
            intake.stop()


@contextmanager
def lone_gateway(**settings: object) -> Iterator[Intake]:
    """Records and Redis, and a gateway to be started: without workers, hence without clamd."""
    with short_folder() as folder:
        intake = Intake(folder, ClamdServer(folder), **settings)
        try:
            intake.redis.start()
            intake.run("storage", "migrate")
            intake.key = intake.make_key("--centre", "GB001")
            yield intake
        finally:
            intake.stop()


@contextmanager
def two_gateways() -> Iterator[tuple[Intake, Intake]]:
    """Two gateways of one deployment, each on a port of its own so that a test can choose."""
    with lone_gateway() as first:
        second = first.beside()
        first.start_gateway()
        second.start_gateway()
        try:
            yield first, second
        finally:
            for gateway in second.gateways:
                stop(gateway)
