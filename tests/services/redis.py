"""A real Redis, on a Unix socket or on a network."""

import socket
import subprocess
from pathlib import Path

from tests.services.process import start, stop, wait_until


class RedisServer:
    """redis-server in `folder`, with the append-only file on, that tests may kill and start again.

    With a `host` it listens there, for whoever is on that network.
    """

    def __init__(self, folder: Path, host: str = "") -> None:
        self.folder = folder
        self.host = host
        self.socket = folder / "redis.sock"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://{self.host}:6379" if self.host else f"unix://{self.socket}"

    def start(self, *prefix: str) -> None:
        argv = ["redis-server", "--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.folder),
                "--appendonly", "yes", "--save", "", "--daemonize", "no"]  # fmt: skip
        network = ["--bind", self.host, "--port", "6379", "--protected-mode", "no"] if self.host else []
        process = self.process = start([*prefix, *argv, *network], self.folder / "redis.log")
        wait_until(self._pings, alive=lambda: process.poll() is None)

    def _pings(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(str(self.socket))
            client.sendall(b"PING\r\n")
            return client.recv(64).startswith(b"+PONG")

    def stop(self) -> None:
        if self.process:
            stop(self.process)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
