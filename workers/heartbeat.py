"""The heartbeat of a process: a thread that prolongs the leases of everything it runs.

A thread with a connection of its own, because the event loop may be busy for longer than a lease.
"""

import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog

from config.settings import Settings
from workers.connection import AWAY, connect_blocking
from workers.keys import Keys
from workers.scripts import load_script

_log = structlog.get_logger()

#: Beats in one lease: two may fail.
_BEATS = 3


@dataclass(slots=True)
class _Post:
    """One queue's worker in this process."""

    slots: int
    #: Told, in the heartbeat's thread, job and owner of a claim that was lost.
    on_lost: Callable[[str, str], object]
    #: Asked, in the heartbeat's thread, for the tools that it lacks.
    lacking: Callable[[], Sequence[str]]
    #: Owner of every job that runs, by job.
    owners: dict[str, str] = field(default_factory=dict)


class Heartbeat:
    """Beats for all workers of one process until it is stopped."""

    def __init__(self, settings: Settings) -> None:
        #: This process, as the queues know it.
        self.worker = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        self._keys = Keys(settings.redis_prefix)
        self._lease_seconds = settings.lease_seconds
        self._client = connect_blocking(settings)
        self._script = self._client.register_script(load_script("queue", "beat"))
        self._posts: dict[str, _Post] = {}
        self._lock = threading.Lock()
        self._due = threading.Event()
        self._stopping = False

    def join(
        self,
        queue: str,
        slots: int,
        on_lost: Callable[[str, str], object],
        lacking: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        """Make a worker known, and at every beat what it lacks.

        `on_lost(job_id, owner)` and `lacking()` are called in the heartbeat's thread.
        """
        with self._lock:
            self._posts[queue] = _Post(slots, on_lost, lacking)
        self._due.set()

    def leave(self, queue: str) -> None:
        """Beat for this worker no longer."""
        with self._lock:
            del self._posts[queue]

    def hold(self, queue: str, job_id: str, owner: str) -> None:
        """Prolong the lease of this claim from now on."""
        with self._lock:
            self._posts[queue].owners[job_id] = owner

    def release(self, queue: str, job_id: str) -> None:
        """Prolong the lease of this job no longer."""
        with self._lock:
            self._posts[queue].owners.pop(job_id, None)

    def run(self) -> None:
        """Beat until stopped; while Redis is away, go on trying."""
        pause = self._lease_seconds / _BEATS
        while not self._stopping:
            try:
                self._beat()
            except AWAY as error:
                _log.warning("heartbeat_failed", error=type(error).__name__)
                self._due.wait(min(1.0, pause))
            else:
                self._due.wait(pause)
            self._due.clear()
        self._client.close()

    def stop(self) -> None:
        """End the thread soon."""
        self._stopping = True
        self._due.set()

    def _beat(self) -> None:
        with self._lock:
            posts = [(queue, post, dict(post.owners)) for queue, post in self._posts.items()]
        for queue, post, owners in posts:
            for job_id in self._prolong(queue, post, owners):
                post.on_lost(job_id, owners[job_id])

    def _prolong(self, queue: str, post: _Post, owners: dict[str, str]) -> Sequence[str]:
        pairs = [text for pair in owners.items() for text in pair]
        lacking = "".join(f"{tool}," for tool in post.lacking())
        args: list[str | int] = [
            round(self._lease_seconds * 1000),
            f"{self.worker}|{post.slots}",
            lacking,
            *pairs,
        ]
        return [job_id.decode() for job_id in self._script(self._keys.queue(queue), args)]


@contextmanager
def open_heartbeat(settings: Settings) -> Iterator[Heartbeat]:
    """Give the running heartbeat of this process."""
    heartbeat = Heartbeat(settings)
    thread = threading.Thread(target=heartbeat.run, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield heartbeat
    finally:
        heartbeat.stop()
        thread.join(settings.lease_seconds)
