"""Notices that the process which started the stack ends, or waits in vain for it to end."""

import asyncio
import os
import signal
from pathlib import Path

POLL_SECONDS = 0.2
_STOPPING = sum(1 << (number - 1) for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT))


def is_stopping(status: str) -> bool:
    """Say from a process's /proc/PID/status (proc(5)) whether it is inside its handler of a stopping signal.

    GNU make does not pass SIGINT on. It sets the signal back to its default, then waits for its child inside
    the handler, where the signal is blocked: blocked, but neither caught nor ignored.
    """
    words = (line.split() for line in status.splitlines())
    masks = {
        word[0]: int(word[1], 16) for word in words if word and word[0] in {"SigBlk:", "SigIgn:", "SigCgt:"}
    }
    blocked, ignored, caught = (masks.get(name, 0) for name in ("SigBlk:", "SigIgn:", "SigCgt:"))
    return bool(blocked & ~ignored & ~caught & _STOPPING)


async def until_parent_stops() -> None:
    """Return when the parent is gone, or is stopping."""
    parent = os.getppid()
    status = Path(f"/proc/{parent}/status")
    while os.getppid() == parent and not is_stopping(_read(status)):  # noqa: ASYNC110 - /proc has no events
        await asyncio.sleep(POLL_SECONDS)


def _read(status: Path) -> str:
    try:
        return status.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
