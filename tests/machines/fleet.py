"""One deployment on seven machines: database, queues, store, two gateways, two workers with scanners."""

import asyncio
import json
import os
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.machines.network import Machine, wire
from tests.services.clamd import ClamdServer
from tests.services.intake import QUEUES, ROOT
from tests.services.object_store import CREDENTIALS
from tests.services.postgres import PostgresServer
from tests.services.process import short_folder, start, stop, wait_until
from tests.services.redis import RedisServer
from tests.services.seaweed import SeaweedServer

PORT = 8080
ADDRESSES = {
    "database": 1,
    "queues": 2,
    "store": 3,
    "gateway1": 11,
    "gateway2": 12,
    "worker1": 21,
    "worker2": 22,
}


class Node:
    """A machine that runs a gateway or a worker, and may lose it."""

    def __init__(self, machine: Machine, argv: list[str], settings: dict[str, object]) -> None:
        self.machine = machine
        self._argv = argv
        self.settings = {"data": machine.folder, "host": machine.address, "port": PORT, **settings}
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        named = {f"INTAKE_{name.upper()}": str(value) for name, value in self.settings.items()}
        return {**os.environ, **CREDENTIALS, **named, "PYTHONPATH": str(ROOT)}

    @property
    def url(self) -> str:
        return f"http://{self.machine.address}:{PORT}"

    @property
    def log(self) -> Path:
        return self.machine.folder / "node.log"

    def run(self, *words: str) -> str:
        argv = [*self.machine.words, sys.executable, "-m", *words]
        done = subprocess.run(
            argv, env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def start(self) -> None:
        self.process = start([*self.machine.words, *self._argv], self.log, self.environment)

    def until_ready(self) -> None:
        process = self.process
        assert process
        wait_until(self._is_ready, 30, alive=lambda: process.poll() is None)

    def _is_ready(self) -> bool:
        with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process:
            stop(self.process)

    def revive(self) -> None:
        """Start it again when it ended by itself, as whatever supervises it would."""
        if self.process is None or self.process.poll() is not None:
            self.start()


class Fleet:
    """Everything that one deployment on several machines consists of."""

    def __init__(self, folder: Path, *, in_bucket: bool) -> None:
        self.machines = {name: Machine(name, number, folder) for name, number in ADDRESSES.items()}
        self.postgres = PostgresServer(self._folder("database"), self._address("database"), 5432)
        self.redis = RedisServer(self._folder("queues"), self._address("queues"))
        self.bucket = SeaweedServer(self._folder("store"), self._address("store")) if in_bucket else None
        self.clamds = [ClamdServer(self._folder(name) / "clamd") for name in ("worker1", "worker2")]
        shared: dict[str, object] = {
            "database_url": self.postgres.url("postgres"),
            "redis_url": self.redis.url,
            "storage": self.bucket.url("fleet") if self.bucket else "",
            "lease_seconds": 2,
            "reconcile_seconds": 0.5,
            "max_backoff_seconds": 2,
            "open_uploads_per_centre": 60,
            "silent_connection_seconds": 4,
            "allow_demonstration_signatures": 1,
        }
        serve, work = ["gateway", "serve"], ["workers", *QUEUES]
        self.gateways = [self._node(name, serve, shared) for name in ("gateway1", "gateway2")]
        self.workers = [
            self._node(name, work, {**shared, "clamd_sockets": json.dumps([str(clamd.socket)])})
            for name, clamd in zip(("worker1", "worker2"), self.clamds, strict=True)
        ]
        self.key = ""
        self._hands = ThreadPoolExecutor(1)

    async def do(self, work: Callable[[], None]) -> None:
        """Do what blocks in a thread that lasts as long as the fleet: what it starts dies with it."""
        await asyncio.get_running_loop().run_in_executor(self._hands, work)

    def _folder(self, name: str) -> Path:
        return self.machines[name].folder

    def _address(self, name: str) -> str:
        return self.machines[name].address

    def _node(self, name: str, words: list[str], settings: dict[str, object]) -> Node:
        return Node(self.machines[name], [sys.executable, "-m", *words], settings)

    @property
    def nodes(self) -> list[Node]:
        return [*self.gateways, *self.workers]

    def words(self, name: str) -> tuple[str, ...]:
        return self.machines[name].words

    def start(self) -> None:
        for machine in self.machines.values():
            machine.plug_in()
        self.start_servers()
        first = self.gateways[0]
        first.run("storage", "migrate")
        self.key = first.run(
            "gateway", "keys", "create", "--label", "test", "--centre", "GB001", "--role", "ops"
        )
        for node in self.nodes:
            node.start()
        for gateway in self.gateways:
            gateway.until_ready()

    def start_servers(self) -> None:
        self.postgres.start(*self.words("database"))
        self.redis.start(*self.words("queues"))
        self.start_clamds()
        if self.bucket:
            self.bucket.start(*self.words("store"))
        else:
            self._share_a_folder()

    def start_clamds(self) -> None:
        for clamd, name in zip(self.clamds, ("worker1", "worker2"), strict=True):
            clamd.start(*self.words(name))

    def _share_a_folder(self) -> None:
        """Stand in for an object store by the one folder that all machines see."""
        for node in self.nodes:
            (node.machine.folder / "store").symlink_to(self._folder("store"))

    def heal(self) -> None:
        """Wait until everything runs, also what ended because it started while the database was away."""
        for node in self.nodes:
            node.revive()
        for gateway in self.gateways:
            gateway.until_ready()

    def stop(self) -> None:
        for node in self.nodes:
            node.stop()
        for server in (self.bucket, *self.clamds, self.redis, self.postgres):
            if server:
                server.stop()
        for machine in self.machines.values():
            machine.vanish()
        self._hands.shutdown()

    def events(self, evidence: str) -> list[tuple[str, str]]:
        """Kind and state of every audit event of the evidence, oldest first."""
        found = self.postgres.execute(
            "SELECT kind, to_state FROM audit_event"
            f" WHERE evidence_id = '{evidence.rpartition('/')[2]}' ORDER BY seq"
        )
        return [(kind, state) for kind, _, state in (line.partition("|") for line in found.splitlines())]

    def assert_each_step_happened_once(self, evidence: str) -> None:
        events = self.events(evidence)
        counted = Counter(kind for kind, _ in events)
        assert [counted[kind] for kind in ("received", "scanned", "verified")] == [1, 1, 1], events
        assert [state for _, state in events].count("ready") == 1, events

    def logs(self) -> str:
        """The ends of the logs, for a failing test to show."""
        return "\n".join(f"--- {node.machine.name}\n{node.log.read_text()[-3000:]}" for node in self.nodes)


@contextmanager
def running_fleet(*, in_bucket: bool) -> Iterator[Fleet]:
    with ExitStack() as stack:
        stack.enter_context(wire())
        fleet = Fleet(stack.enter_context(short_folder()), in_bucket=in_bucket)
        stack.callback(fleet.stop)
        fleet.start()
        yield fleet
