"""The same uploads on the gateway, on its peers and on the least there is: speed, CPU, memory, waiting."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial

from benchmarks.cost import Cost, send
from benchmarks.peers import open_tus_node, open_tus_python
from benchmarks.receivers import Receiver, open_bare, open_gateway
from benchmarks.starting_line import at_the_line
from benchmarks.table import Row, judged, median
from benchmarks.uploads import warm_up

HEADINGS = (
    "what",
    "MB/s",
    "CPU s a GB",
    "memory grown, MB",
    "request p99, ms",
    "lag p99, ms",
    "CPU target",
    "lag target",
)
#: CPU seconds a GB of tusd, quoted.
TUSD_CPU = 1.5
LAG_MILLISECONDS = 50.0
_MIB = 1 << 20


@dataclass(frozen=True)
class Load:
    """Uploads at once, their length, and that of each request; 0: all in one."""

    title: str
    uploads: int
    length_bytes: int
    chunk_bytes: int

    @property
    def gigabytes(self) -> float:
        return self.uploads * self.length_bytes / 1e9


LOADS = (
    Load("1 x 1 GiB in one request", 1, 1024 * _MIB, 0),
    Load("1 x 1 GiB by 8 MiB", 1, 1024 * _MIB, 8 * _MIB),
    Load("32 x 32 MiB", 32, 32 * _MIB, 0),
    Load("200 x 5 MiB by 1 MiB", 200, 5 * _MIB, _MIB),
)
GATEWAY, NODE, SPLICE = "gateway", "@tus/server", "recv by splice"
_BARE: Mapping[str, Callable[[], AbstractContextManager[Receiver]]] = {
    "recv + write": open_bare,
    SPLICE: partial(open_bare, "splice"),
}
_SERVERS: Mapping[str, Callable[[], AbstractContextManager[Receiver]]] = {
    GATEWAY: open_gateway,
    "gateway, 2 processes": partial(open_gateway, 2),
    "gateway, hashing": partial(open_gateway, hash_while_receiving=1),
    NODE: open_tus_node,
    "tuspyserver": open_tus_python,
}


@dataclass
class Result:
    """All runs of one load on one receiver."""

    load: Load
    costs: list[Cost] = field(default_factory=list)
    #: Seconds each probing request took, of all runs.
    lags: list[float] = field(default_factory=list)

    @property
    def cpu(self) -> float:
        """CPU seconds a GB."""
        return median([cost.cpu_seconds for cost in self.costs]) / self.load.gigabytes


Results = Mapping[str, Result]


def measure_side_by_side(runs: int) -> Iterator[Row]:
    """Yield the rows, load by load; within one, the receivers take turns."""
    for load in LOADS:
        yield from _rows(load, _measure(load, runs))


def _measure(load: Load, runs: int) -> Results:
    results: dict[str, Result] = {}
    for _ in range(runs):
        # What is bare takes one connection and knows no requests.
        for name, open_receiver in (_BARE if load.chunk_bytes == 0 and load.uploads == 1 else {}).items():
            with open_receiver() as receiver:
                results.setdefault(name, Result(load)).costs.append(send(receiver, 1, load.length_bytes, 0))
        for name, open_receiver in _SERVERS.items():
            with open_receiver() as receiver:
                warm_up(receiver)
                result = results.setdefault(name, Result(load))
                with probing(receiver.port, result.lags):
                    result.costs.append(send(receiver, load.uploads, load.length_bytes, load.chunk_bytes))
    return results


@contextmanager
def probing(port: int, lags: list[float]) -> Iterator[None]:
    with at_the_line("benchmarks.probe", port) as probe:
        probe.tell()
        yield
        probe.tell()
        lags += probe.hear().request_seconds


def _rows(load: Load, results: Results) -> Iterator[Row]:
    targets = {GATEWAY: _targets(results)}
    yield (load.title, *[""] * 7)
    for name, result in results.items():
        costs = result.costs
        speed = load.gigabytes * 1000 / median([cost.seconds for cost in costs])
        grown = max(cost.grown_bytes for cost in costs) / 1e6
        requests = [seconds for cost in costs for seconds in cost.request_seconds]
        waits = [f"{p99(seconds):.1f}" if seconds else "-" for seconds in (requests, result.lags)]
        told = targets.get(name, ("", ""))
        yield (f"- {name}", f"{speed:.0f}", f"{result.cpu:.2f}", f"{grown:.1f}", *waits, *told)


def _targets(results: Results) -> tuple[str, str]:
    """Judge the gateway: CPU by the strictest of the limits that this load gives, lag by its p99."""
    limits = [TUSD_CPU, results[NODE].cpu / 2]
    if SPLICE in results:
        limits.append(results[SPLICE].cpu * 2.5)
    ours = results[GATEWAY]
    return judged(ours.cpu, round(min(limits), 2)), judged(p99(ours.lags), LAG_MILLISECONDS)


def p99(seconds: Sequence[float]) -> float:
    """Return milliseconds that 99 of 100 do not exceed; of fewer than 100, the most."""
    return sorted(seconds)[math.ceil(len(seconds) * 0.99) - 1] * 1000
