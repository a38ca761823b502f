"""What a process and its descendants have used: CPU and memory, from the kernel's own books (proc(5))."""

import os
from collections.abc import Iterator
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
#: Written to `clear_refs`, it sets the peak of the resident set back to what is resident now.
_RESET_PEAK = "5"


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads."""
    return sum(map(_ticks, _family(pid))) / _TICKS_PER_SECOND


def resident_bytes(pid: int) -> int:
    """Memory that is resident now; what several processes share counts for each."""
    return sum(_status(member, "VmRSS") for member in _family(pid))


def peak_bytes(pid: int) -> int:
    """The most that was ever resident, or has been since `reset_peak`; of several, each at its own time."""
    return sum(_status(member, "VmHWM") for member in _family(pid))


def reset_peak(pid: int) -> None:
    for member in _family(pid):
        Path(f"/proc/{member}/clear_refs").write_text(_RESET_PEAK)


def _family(pid: int) -> Iterator[int]:
    yield pid
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text().split():
            yield from _family(int(child))


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _status(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return int(value.split()[0]) * 1024
    raise LookupError(name)
