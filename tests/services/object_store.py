"""An object store of a test that speaks S3, whoever made it: whom it knows, and how it is asked.

Which one tests run on is said by `--object-store`; `ObjectStore` is what they may rely on.
"""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.services.process import wait_until

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

REGION = "us-east-1"
#: The credentials that the server knows, named as boto3 reads them from the environment.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "intake-test", "AWS_SECRET_ACCESS_KEY": "intake-test-secret"}
BUCKET = "evidence"


class ObjectStore(ABC):
    """A server in `folder` that tests may kill and start again on the same port; it has one bucket."""

    def __init__(self, folder: Path, host: str, port: int) -> None:
        self.folder = folder
        self.host = host
        self.port = port

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

    @property
    @abstractmethod
    def is_running(self) -> bool:
        """Whether nothing of it has ended."""

    @abstractmethod
    def start(self) -> None:
        """Run it, anew or again, until it answers and has the bucket."""

    @abstractmethod
    def stop(self) -> None:
        """End it in whatever way is safe and quick."""

    @abstractmethod
    def kill(self) -> None:
        """Kill all of it, as the loss of the machine would."""

    def _until_it_serves(self) -> None:
        client = self.client()
        wait_until(lambda: _lists(client), 60, alive=lambda: self.is_running)
        if BUCKET not in [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]:
            client.create_bucket(Bucket=BUCKET)


def _lists(client: "S3Client") -> bool:
    try:
        client.list_buckets()
    except (BotoCoreError, ClientError):
        return False
    return True
