"""The queues as a plain table, for `python -m workers status`."""

from collections.abc import Mapping, Sequence
from typing import TextIO

from workers.queue import JobQueue, QueueDepth, RunningJob

_HEADER = ("queue", "ready", "delayed", "running", "oldest s", "workers", "slots")


async def print_status(queue: JobQueue, out: TextIO) -> None:
    """Write how deep each queue is and what runs now. Raises `QueueUnavailable`."""
    depths, running, lacking = await queue.depths(), await queue.running(), await queue.lacking()
    out.write(format_status(depths, running, lacking))


def format_status(
    depths: Sequence[QueueDepth], running: Sequence[RunningJob], lacking: Mapping[str, Mapping[str, int]]
) -> str:
    """Return the table of queues, what their workers lack, and a line for each running job, longest first."""
    rows = [_HEADER, *map(_row, depths)]
    lines = [f"{row[0]:<8}" + "".join(f"{cell:>10}" for cell in row[1:]) for row in rows]
    lines += _shortages(depths, lacking)
    lines += ["", "running" if running else "nothing is running"]
    lines += [
        f"{job.seconds:>8.1f} s  {job.queue:<8}{job.job_id}  on {job.worker}"
        for job in sorted(running, key=lambda job: -job.seconds)
    ]
    return "\n".join(lines) + "\n"


def _shortages(depths: Sequence[QueueDepth], lacking: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Return a line for each tool that workers of a queue lack; nothing when they lack none."""
    said = [
        f"{depth.name}: {count} of {depth.workers} workers without {tool}"
        for depth in depths
        for tool, count in sorted(lacking[depth.name].items())
    ]
    return ["", *said] if said else []


def _row(depth: QueueDepth) -> tuple[str, ...]:
    age = f"{depth.oldest_age_seconds:.1f}"
    return (
        depth.name,
        *map(str, (depth.ready, depth.delayed, depth.leased, age, depth.workers, depth.slots)),
    )
