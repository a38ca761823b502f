"""Uploads: CPU and memory of the gateway beside a receiver that does nothing but receive."""

from collections.abc import Iterator

from benchmarks.cost import Cost, measure_cost, send
from benchmarks.receivers import Receiver, open_bare, open_gateway
from benchmarks.table import Row, format_span, judged, median

LENGTH_BYTES = 1 << 30
CHUNK_BYTES = 8 << 20
SENDERS = 200
GROWTH_BYTES = 20e6
EACH_BYTES = 0.25e6
HEADINGS = ("what", "median", "smallest - largest", "beside bare", "target")

#: Pieces, their size, and the pause after each.
_SLOW = ("--pieces", 16, "--piece-bytes", 64 << 10, "--pause-seconds", 0.25)
_FAST = ("--pieces", 64, "--piece-bytes", 64 << 10, "--pause-seconds", 0)


def measure_uploads(runs: int) -> Iterator[Row]:
    """Yield the rows; the kinds of upload take turns, so that a busy moment spoils none alone."""
    bare: list[Cost] = []
    whole: list[Cost] = []
    chunked: list[Cost] = []
    hashed: list[Cost] = []
    with open_bare() as baseline, open_gateway() as gateway, open_gateway(hash_while_receiving=1) as hashing:
        warm_up(gateway)
        warm_up(hashing)
        for _ in range(runs):
            bare.append(send(baseline, 1, LENGTH_BYTES, 0))
            whole.append(send(gateway, 1, LENGTH_BYTES, 0))
            chunked.append(send(gateway, 1, LENGTH_BYTES, CHUNK_BYTES))
            hashed.append(send(hashing, 1, LENGTH_BYTES, 0))
    slow = [_crowd(*_SLOW) for _ in range(runs)]
    fast = [_crowd(*_FAST) for _ in range(runs)]
    least = median([_per_gb(cost) for cost in bare])
    yield _cpu_row("recv + write: CPU seconds a GB", bare, least)
    yield _cpu_row("gateway, one PATCH: CPU seconds a GB", whole, least)
    yield _cpu_row("gateway, PATCH of 8 MiB: CPU seconds a GB", chunked, least)
    yield _cpu_row("gateway, one PATCH, hashed meanwhile: CPU seconds a GB", hashed, least)
    yield _growth_row("gateway, one PATCH: memory grown, MB", whole, 1, GROWTH_BYTES)
    yield _growth_row("gateway, PATCH of 8 MiB: memory grown, MB", chunked, 1, GROWTH_BYTES)
    yield _growth_row(f"{SENDERS} slow senders: memory each, MB", slow, SENDERS, EACH_BYTES)
    yield _growth_row(f"{SENDERS} fast senders: memory each, MB", fast, SENDERS, EACH_BYTES)


def warm_up(receiver: Receiver) -> None:
    """Have everything loaded that an upload needs, so that it counts as nobody's memory."""
    send(receiver, 1, CHUNK_BYTES, 0)


def _crowd(*words: object) -> Cost:
    """Send many to a gateway of their own: memory that one crowd left behind would hide the next one's."""
    with open_gateway() as gateway:
        warm_up(gateway)
        return measure_cost(
            gateway, "benchmarks.crowd", gateway.port, "--key", gateway.key, "--senders", SENDERS, *words
        )


def _per_gb(cost: Cost) -> float:
    return cost.cpu_seconds / (LENGTH_BYTES / 1e9)


def _cpu_row(what: str, costs: list[Cost], least: float) -> Row:
    values = [_per_gb(cost) for cost in costs]
    return (what, f"{median(values):.2f}", format_span(values, 2), f"{median(values) / least:.1f} x", "-")


def _growth_row(what: str, costs: list[Cost], senders: int, limit_bytes: float) -> Row:
    values = [cost.grown_bytes / senders / 1e6 for cost in costs]
    told = judged(max(values), limit_bytes / 1e6)
    return (what, f"{median(values):.2f}", format_span(values, 2), "-", told)
