"""Processes that do the same work side by side: started, started again when they die, and stopped together.

They are forked, so a new one is there within milliseconds and shares what all of them read. None outlives the
parent, however that ends: acknowledged bytes survive kill -9, so nothing is lost by it.
"""

import ctypes
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.context import ForkProcess

import structlog

#: Does the work of the process of that number, from 0; returns its exit status.
Work = Callable[[int], int]

#: The first pause before a process that died is started again; doubles up to the longest.
PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 15.0

#: A process that ran this long starts with the shortest pause again.
_SETTLED_SECONDS = 30.0

#: What all of them get between SIGTERM and SIGKILL: less than whoever stops us gives us (the stack: 7 s).
_STOP_SECONDS = 6.5

_STOPPING = frozenset({signal.SIGTERM, signal.SIGINT})
_AWAITED = _STOPPING | {signal.SIGCHLD}
_PR_SET_PDEATHSIG = 1

_log = structlog.get_logger()


@dataclass(slots=True)
class _Place:
    """Where one process runs, and after its death the next one."""

    number: int
    process: ForkProcess | None = None
    started_at: float = 0.0
    due_at: float = 0.0
    pause_seconds: float = PAUSE_SECONDS

    def postpone(self, now: float) -> None:
        """Let the next start wait: the longer, the sooner its process died."""
        if now - self.started_at > _SETTLED_SECONDS:
            self.pause_seconds = PAUSE_SECONDS
        self.process, self.due_at = None, now + self.pause_seconds
        self.pause_seconds = min(2 * self.pause_seconds, _LONGEST_PAUSE_SECONDS)


@dataclass(slots=True)
class _Processes:
    work: Work
    places: tuple[_Place, ...]
    began_at: float = field(default_factory=time.monotonic)

    def run(self) -> int:
        """Keep a process in every place until told to stop, or until the first ones cannot begin."""
        while True:
            self._start_due()
            awaited = signal.sigtimedwait(_AWAITED, self._until_due())
            if awaited and awaited.si_signo in _STOPPING:
                self.stop()
                return 0
            if self._bury():
                self.stop()
                return 1

    def _start_due(self) -> None:
        for place in self.places:
            if place.process is None and place.due_at <= time.monotonic():
                place.process = ForkProcess(target=_child, args=(self.work, place.number, os.getpid()))
                place.started_at = time.monotonic()
                place.process.start()

    def _until_due(self) -> float:
        due = [place.due_at for place in self.places if place.process is None]
        return max(0.0, min(due) - time.monotonic()) if due else _LONGEST_PAUSE_SECONDS

    def _bury(self) -> bool:
        """Note who died; tell whether one could not begin its work while nobody had worked for long."""
        now = time.monotonic()
        cannot = False
        for place in self.places:
            status = place.process.exitcode if place.process else None
            if status is not None:
                _log.error("process_ended", process=place.number, status=status)
                cannot |= status > 0 and now - self.began_at < _SETTLED_SECONDS
                place.postpone(now)
        return cannot

    def stop(self) -> None:
        """Send SIGTERM to all, wait until the last has ended, and kill whoever does not."""
        running = [place.process for place in self.places if place.process]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + _STOP_SECONDS
        for process in running:
            process.join(max(0.0, deadline - time.monotonic()))
            if process.exitcode is None:
                process.kill()
                process.join()


def supervise(count: int, work: Work) -> int:
    """Do the work in `count` processes until SIGTERM or SIGINT; return the exit status.

    1 when one ends by itself with an error before any had worked for a while: none can then.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _AWAITED)
    try:
        return _Processes(work, tuple(map(_Place, range(count)))).run()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _child(work: Work, number: int, parent: int) -> None:
    """Do the work in a process that is killed when the parent ends, however that ends (prctl(2))."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _AWAITED)
    structlog.contextvars.bind_contextvars(process=number)
    raise SystemExit(work(number))
