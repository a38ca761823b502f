"""One bucket of an object store that speaks S3: its client, its threads, and the names of what is ours."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
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


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a request waits."""

    connect_seconds: float
    #: Silence that ends it.
    silence_seconds: float
    attempts: int


_PATIENT = Patience(5, 20, 3)
#: For who only wants to know whether the store answers.
_HURRIED = Patience(2, 3, 1)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket with a client whose calls block, to be made in `run` only."""

    client: "S3Client"
    #: One with little patience, for `look`.
    hurried: "S3Client"
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
            with _translating():
                return work(*given)

        return await in_thread(
            translated, *args, seconds=seconds, undo=undo, threads=self.threads, asked="the store"
        )

    async def look(self) -> None:
        """Ask for the bucket's head; takes some seconds at most, and transfers keep it from nothing.

        Raises `StorageError` where the bucket is missing, or does not answer, or not to us.
        """
        await in_thread(self._look, asked="the store")

    def _look(self) -> None:
        with _translating():
            self.hurried.head_bucket(Bucket=self.name)


@asynccontextmanager
async def open_bucket(address: BucketAddress, connections: int) -> AsyncIterator[Bucket]:
    """Give the bucket; nothing is asked of it yet. Raises `StorageUnavailable` for an unusable address."""
    threads = Threads(connections, "s3")
    try:
        client, hurried = await in_thread(_make_clients, address, connections)
        with closing(client), closing(hurried):
            yield Bucket(client, hurried, address.bucket, address.prefix, threads)
    finally:
        # What still runs ends by its own time limits; nobody waits for it.
        threads.drop()
        threads.end()


def _make_clients(address: BucketAddress, connections: int) -> tuple["S3Client", "S3Client"]:
    """Make a patient client and a hurried one, which share what takes memory (15 MB).

    Credentials come from wherever boto3 finds them (its "Credentials" guide).
    """
    try:
        session = boto3.session.Session(region_name=address.region)
        return (
            _make_client(session, address, _PATIENT, connections),
            _make_client(session, address, _HURRIED, 1),
        )
    except (BotoCoreError, ValueError) as error:
        raise StorageUnavailable(f"the object store's address cannot be used ({error})") from error


def _make_client(
    session: boto3.session.Session, address: BucketAddress, patience: Patience, connections: int
) -> "S3Client":
    config = Config(
        signature_version="s3v4",
        connect_timeout=patience.connect_seconds,
        read_timeout=patience.silence_seconds,
        retries={"mode": "standard", "total_max_attempts": patience.attempts},
        max_pool_connections=connections,
        tcp_keepalive=True,
        # Some stores refuse the trailing checksums that boto3 sends by default, others ignore them.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path" if address.endpoint else "auto"},
    )
    return session.client("s3", endpoint_url=address.endpoint, config=config)


@contextmanager
def _translating() -> Iterator[None]:
    """Let the client's errors be this package's."""
    try:
        yield
    except (BotoCoreError, ClientError, HTTPError) as error:
        raise translate(error) from error
