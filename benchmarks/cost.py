"""What one run of a client costs the receiver."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.receivers import Receiver
from benchmarks.starting_line import at_the_line
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
        reset_peak(receiver.pid)
        resident, used = resident_bytes(receiver.pid), cpu_seconds(receiver.pid)
        client.tell()
        lap = client.hear()
        grown = peak_bytes(receiver.pid) - resident
        cost = Cost(cpu_seconds(receiver.pid) - used, grown, lap.seconds, lap.request_seconds)
    receiver.clear()
    return cost


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
