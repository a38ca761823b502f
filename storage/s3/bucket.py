"""One bucket of an object store that speaks S3: its client, its threads, and the names of what is ours."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from config.bucket import BucketAddress
from storage.blobs.disk import in_thread
from storage.errors import StorageUnavailable
from storage.s3.failures import translate
from storage.threads import Threads

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

#: The longest that one request may take, its repetitions and its wait for a thread included.
REQUEST_SECONDS = 120.0
_CONNECT_SECONDS = 5
#: Silence that ends a request.
_SILENCE_SECONDS = 20
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket with a client whose calls block, to be made in `run` only."""

    client: "S3Client"
    name: str
    prefix: str
    threads: Threads

    def locate(self, folder: str, key: str) -> str:
        """Return the object's key of what is `key` to us; each store here has a folder of its own."""
        return f"{self.prefix}/{folder}/{key}" if self.prefix else f"{folder}/{key}"

    async def run(
        self,
        work: Callable[[*Ts], T],
        *args: *Ts,
        seconds: float = REQUEST_SECONDS,
        undo: Callable[[T], object] | None = None,
    ) -> T:
        """Run blocking `work` in one of the bucket's threads, as `in_thread` does.

        Raises `NotFound`, `StorageFull`, `StorageUnavailable` (also when it takes longer than `seconds`).
        """

        # There, because some of the client's errors are also the operating system's, in the wrong words.
        def translated(*given: *Ts) -> T:
            try:
                return work(*given)
            except (BotoCoreError, ClientError, HTTPError) as error:
                raise translate(error) from error

        return await in_thread(
            translated, *args, seconds=seconds, undo=undo, threads=self.threads, asked="the store"
        )


@asynccontextmanager
async def open_bucket(address: BucketAddress, connections: int) -> AsyncIterator[Bucket]:
    """Give the bucket; nothing is asked of it yet. Raises `StorageUnavailable` for an unusable address."""
    threads = Threads(connections, "s3")
    try:
        client = await in_thread(_make_client, address, connections)
        with closing(client):
            yield Bucket(client, address.bucket, address.prefix, threads)
    finally:
        # What still runs ends by its own time limits; nobody waits for it.
        threads.drop()
        threads.end()


def _make_client(address: BucketAddress, connections: int) -> "S3Client":
    """Make a client; credentials come from wherever boto3 finds them (its "Credentials" guide)."""
    config = Config(
        signature_version="s3v4",
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_SILENCE_SECONDS,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        max_pool_connections=connections,
        tcp_keepalive=True,
        # Some stores refuse the trailing checksums that boto3 sends by default, others ignore them.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path" if address.endpoint else "auto"},
    )
    try:
        session = boto3.session.Session(region_name=address.region)
        return session.client("s3", endpoint_url=address.endpoint, config=config)
    except (BotoCoreError, ValueError) as error:
        raise StorageUnavailable(f"the object store's address cannot be used ({error})") from error
