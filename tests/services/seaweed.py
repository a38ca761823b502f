"""A real object store that speaks S3: SeaweedFS in one process."""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

from tests.services.object_store import CREDENTIALS, ObjectStore
from tests.services.ports import free_ports
from tests.services.process import start, stop, wait_until

PROGRAM = Path(sys.executable).parent / "weed"

_ACTIONS = ["Admin", "Read", "Write", "List", "Tagging"]
_PORTS = 8
#: Where it leaves sockets that no setting moves.
_SOCKETS = Path("/tmp")


class SeaweedServer(ObjectStore):
    """SeaweedFS in one process."""

    def __init__(self, folder: Path, host: str = "127.0.0.1") -> None:
        super().__init__(folder, host, free_ports(_PORTS))
        self.process: subprocess.Popen[bytes] | None = None
        for name in ("data", "home"):
            (folder / name).mkdir()
        (folder / "home" / "filer.toml").write_text('[leveldb2]\nenabled = true\ndir = "./filer"\n')
        key, secret = CREDENTIALS.values()
        identity = {
            "name": "test",
            "credentials": [{"accessKey": key, "secretKey": secret}],
            "actions": _ACTIONS,
        }
        (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self, *prefix: str) -> None:
        """Run it, by the words of `prefix` if there are any."""
        argv = [*prefix, "env", "-C", str(self.folder / "home"), str(PROGRAM), *self._words()]
        env = {**os.environ, "GOMEMLIMIT": "512MiB", "HOME": str(self.folder / "home")}
        self.process = start(argv, self.folder / "weed.log", env)
        wait_until(self._assigns, 60, alive=lambda: self.is_running)
        self._until_it_serves()

    def _words(self) -> list[str]:
        first, data = self.port, self.folder / "data"
        options = {
            "dir": data,
            "ip": self.host,
            "ip.bind": self.host,
            "master.port": first + 1,
            "master.port.grpc": first + 2,
            "master.volumeSizeLimitMB": 1024,
            "master.telemetry": "false",
            "master.electionTimeout": "1s",
            "master.heartbeatInterval": "100ms",
            "volume.port": first + 3,
            "volume.port.grpc": first + 4,
            "volume.max": 100,
            "volume.preStopSeconds": 0,
            "filer": "true",
            "filer.localSocket": self.folder / "filer.sock",
            "filer.port": first + 5,
            "filer.port.grpc": first + 6,
            "s3": "true",
            "s3.port": first,
            "s3.port.grpc": first + 7,
            "s3.config": self.folder / "s3.json",
            "s3.localSocket": self.folder / "s3.sock",
            "s3.iam": "false",
            "s3.autoCreateBucket": "false",
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
        }
        return ["-logtostderr", "server", *(f"-{name}={value}" for name, value in options.items())]

    def _assigns(self) -> bool:
        with urllib.request.urlopen(f"http://{self.host}:{self.port + 1}/dir/assign", timeout=2) as answer:
            return "fid" in json.load(answer)

    def stop(self) -> None:
        """End it at once: it waits a quarter of a minute on SIGTERM, and loses nothing on SIGKILL."""
        if self.process:
            stop(self.process, 0)
        for port in range(self.port, self.port + _PORTS):
            for left in _SOCKETS.glob(f"seaweedfs-*-grpc-{port}.sock"):
                left.unlink()

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
