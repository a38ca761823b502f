"""A real object store that speaks S3: SeaweedFS in one process."""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.services.ports import free_ports
from tests.services.process import start, stop, wait_until

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

PROGRAM = Path(sys.executable).parent / "weed"
REGION = "us-east-1"
#: The credentials that the server knows, named as boto3 reads them from the environment.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "intake-test", "AWS_SECRET_ACCESS_KEY": "intake-test-secret"}
BUCKET = "evidence"

_ACTIONS = ["Admin", "Read", "Write", "List", "Tagging"]
_PORTS = 8
#: Where it leaves sockets that no setting moves.
_SOCKETS = Path("/tmp")


class SeaweedServer:
    """SeaweedFS in `folder` that tests may kill and start again on the same port; it has one bucket."""

    def __init__(self, folder: Path, host: str = "127.0.0.1") -> None:
        self.folder = folder
        self.host = host
        self.port = free_ports(_PORTS)
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
    def endpoint(self) -> str:
        return f"http://{self.host}:{self.port}"

    def url(self, prefix: str, *, bucket: str = BUCKET, endpoint: str = "") -> str:
        """Return the setting that points at a prefix of a bucket here."""
        return f"s3://{bucket}/{prefix}?endpoint={endpoint or self.endpoint}&region={REGION}"

    def client(self) -> "S3Client":
        """Return a client of this server with no patience."""
        config = Config(
            connect_timeout=2,
            read_timeout=20,
            retries={"mode": "standard", "total_max_attempts": 1},
            request_checksum_calculation="when_required",
        )
        key, secret = CREDENTIALS.values()
        return boto3.client("s3", endpoint_url=self.endpoint, region_name=REGION, config=config,
                            aws_access_key_id=key, aws_secret_access_key=secret)  # fmt: skip

    def start(self, *prefix: str) -> None:
        argv = [*prefix, "env", "-C", str(self.folder / "home"), str(PROGRAM), *self._words()]
        env = {**os.environ, "GOMEMLIMIT": "512MiB", "HOME": str(self.folder / "home")}
        process = self.process = start(argv, self.folder / "weed.log", env)
        client = self.client()
        wait_until(lambda: self._assigns() and self._lists(client), 60, alive=lambda: process.poll() is None)
        if BUCKET not in [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]:
            client.create_bucket(Bucket=BUCKET)

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

    @staticmethod
    def _lists(client: "S3Client") -> bool:
        try:
            client.list_buckets()
        except (BotoCoreError, ClientError):
            return False
        return True

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
