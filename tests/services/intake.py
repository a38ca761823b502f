"""The whole product as real processes, each of which may be killed and started again."""

import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services.clamd import ClamdServer
from tests.services.process import short_folder, start, stop, wait_until
from tests.services.redis import RedisServer

ROOT = Path(__file__).resolve().parents[2]
QUEUES = ("scan", "verify", "video", "image")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Intake:
    """One deployment in a folder. `clamd` may be shared: it keeps nothing of what it scans."""

    def __init__(self, folder: Path, clamd: ClamdServer, **settings: object) -> None:
        self.folder = folder
        self.clamd = clamd
        self.redis = RedisServer(folder)
        self.gateway: subprocess.Popen[bytes] | None = None
        self.workers: list[subprocess.Popen[bytes]] = []
        self.settings = {
            "data": folder,
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
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        named = {f"INTAKE_{name.upper()}": str(value) for name, value in self.settings.items()}
        return {**os.environ, **named, "PYTHONPATH": str(ROOT)}

    def start(self) -> None:
        self.redis.start()
        self.run("storage", "migrate")
        self.key = self.make_key("--centre", "GB001", "--role", "ops")
        self.start_gateway()
        self.start_worker()

    def run(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", *words],
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
        argv = [sys.executable, "-m", "gateway", "serve", "--processes", str(processes)]
        process = self.gateway = start(argv, self.folder / "gateway.log", self.environment)
        wait_until(self._ready, 30, alive=lambda: process.poll() is None)

    def _ready(self) -> bool:
        with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)

    def beside(self) -> "Intake":
        """A second gateway of the same deployment, on a port of its own; not started."""
        second = Intake(self.folder, self.clamd, **{**self.settings, "port": free_port()})
        second.key = self.key
        return second

    def start_worker(self, *queues: str) -> subprocess.Popen[bytes]:
        argv = [sys.executable, "-m", "workers", *(queues or QUEUES)]
        self.workers.append(start(argv, self.folder / "workers.log", self.environment))
        return self.workers[-1]

    def kill_gateway(self) -> None:
        assert self.gateway
        self.gateway.kill()
        self.gateway.wait()

    def kill_workers(self) -> None:
        for worker in self.workers:
            worker.kill()
            worker.wait()
        self.workers.clear()

    def stop(self) -> None:
        for process in [self.gateway, *self.workers]:
            if process:
                stop(process)
        self.redis.stop()

    def logs(self) -> str:
        """The ends of the logs, for a failing test to show."""
        files = [self.folder / "gateway.log", self.folder / "workers.log"]
        return "\n".join(f"--- {file.name}\n{file.read_text()[-4000:]}" for file in files if file.exists())


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
            if second.gateway:
                stop(second.gateway)
