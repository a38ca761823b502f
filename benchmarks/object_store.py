"""Uploads into an object store: the gateway beside boto3 and @tus/server, all on one SeaweedFS."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.cost import cost_of, send
from benchmarks.peers import open_tus_s3
from benchmarks.receivers import TMPFS, Receiver, open_gateway
from benchmarks.side_by_side import LAG_MILLISECONDS, Load, Result, p99, probing
from benchmarks.starting_line import at_the_line
from benchmarks.table import Row, judged, median
from benchmarks.uploads import warm_up
from tests.services.object_store import BUCKET, CREDENTIALS, REGION
from tests.services.seaweed import SeaweedServer

HEADINGS = ("what", "MB/s", "CPU s a GB", "memory grown, MB", "lag p99, ms", "memory target", "lag target")
_MIB = 1 << 20
LOADS = (
    Load("1 x 500 MB in one request", 1, 500_000_000, 0),
    Load("1 x 500 MB by 8 MiB", 1, 500_000_000, 8 * _MIB),
    Load("16 x 32 MiB", 16, 32 * _MIB, 0),
)
PART_BYTES = 8 * _MIB
GATEWAY, BOTO, NODE = "gateway", "boto3 upload_fileobj", "@tus/server with @tus/s3-store"


def growth_limit_bytes(load: Load) -> float:
    """Return the most memory that the gateway may take for a load."""
    return PART_BYTES / 2 * load.uploads + 60e6


def measure_object_store(runs: int) -> Iterator[Row]:
    """Yield the rows, load by load; within one, all take turns."""
    os.environ.update(CREDENTIALS)
    for load in LOADS:
        results = {name: Result(load) for name in (GATEWAY, BOTO, NODE)}
        for _ in range(runs):
            _measure(load, results)
        yield (load.title, *[""] * (len(HEADINGS) - 1))
        yield from (_row(name, result) for name, result in results.items() if result.costs)


def _measure(load: Load, results: dict[str, Result]) -> None:
    """Run each once, on a server of its own: what one has left there would slow the next one down."""
    with _server() as server, open_gateway(storage=server.url("gateway")) as gateway:
        _receive(load, gateway, results[GATEWAY])
    with _server() as server, open_tus_s3(server) as node:
        _receive(load, node, results[NODE])
    if load.uploads == 1 and not load.chunk_bytes:
        words = (REGION, BUCKET, "object", load.length_bytes)
        with _server() as server, at_the_line("benchmarks.boto3_sender", server.endpoint, *words) as client:
            results[BOTO].costs.append(cost_of(client.pid, client))


def _receive(load: Load, receiver: Receiver, result: Result) -> None:
    lasting = Receiver(receiver.pid, receiver.port, receiver.key, lambda: None)
    warm_up(lasting)
    with probing(receiver.port, result.lags):
        result.costs.append(send(lasting, load.uploads, load.length_bytes, load.chunk_bytes))


@contextmanager
def _server() -> Iterator[SeaweedServer]:
    with tempfile.TemporaryDirectory(prefix="ei-", dir=TMPFS) as name:
        server = SeaweedServer(Path(name))
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _row(name: str, result: Result) -> Row:
    speed = result.load.gigabytes * 1000 / median([cost.seconds for cost in result.costs])
    grown = max(cost.grown_bytes for cost in result.costs) / 1e6
    lag = p99(result.lags) if result.lags else None
    told = ("", "")
    if name == GATEWAY and lag is not None:
        told = judged(grown, growth_limit_bytes(result.load) / 1e6), judged(lag, LAG_MILLISECONDS)
    waited = "-" if lag is None else f"{lag:.1f}"
    return (f"- {name}", f"{speed:.0f}", f"{result.cpu:.2f}", f"{grown:.1f}", waited, *told)
