"""What one run of a client costs the receiver."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.receivers import Receiver
from benchmarks.starting_line import Runner, at_the_line
from benchmarks.usage import cpu_seconds, peak_bytes, reset_peak, resident_bytes


@dataclass(frozen=True)
class Cost:
    """Of one run, whatever the number of its uploads."""

    cpu_seconds: float
    grown_bytes: int
    seconds: float
    request_seconds: Sequence[float]


def measure_cost(receiver: Receiver, module: str, *words: object) -> Cost:
    """Run one client against the receiver and return what that cost it."""
    with at_the_line(module, *words) as client:
        cost = cost_of(receiver.pid, client)
    receiver.clear()
    return cost


def cost_of(pid: int, client: Runner) -> Cost:
    """Let the client run and return what that cost a process."""
    reset_peak(pid)
    resident, used = resident_bytes(pid), cpu_seconds(pid)
    client.tell()
    lap = client.hear()
    return Cost(cpu_seconds(pid) - used, peak_bytes(pid) - resident, lap.seconds, lap.request_seconds)


def send(receiver: Receiver, uploads: int, length_bytes: int, chunk_bytes: int) -> Cost:
    """Send that many uploads at once, in requests of `chunk_bytes`; 0: each in one request."""
    words = ("--key", receiver.key) if receiver.key is not None else ()
    return measure_cost(
        receiver,
        "benchmarks.sender",
        receiver.port,
        length_bytes,
        "--uploads",
        uploads,
        "--chunk-bytes",
        chunk_bytes,
        *words,
    )
