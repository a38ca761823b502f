"""What one stream has still to send: the latest of each piece of evidence, never more than so many."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from storage.states import StageName

#: Pieces of evidence that may wait; a reader that is further behind reads the records again.
LARGEST_BACKLOG = 1000
#: Events taken at once, so that what is being written stays small too.
_AT_ONCE = 50
#: Progress is sent at most this often, however often it is reported.
_PROGRESS_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Shown:
    """One version of a piece of evidence, as every stream that follows it sends it."""

    id: str
    version: int
    updated_at: datetime
    #: Whether it has reached an end.
    ended: bool
    data: bytes


class Mailbox:
    """The mailbox of one stream. It is filled by the feed and emptied by the stream's handler."""

    def __init__(self, is_gone: Callable[[], bool] = lambda: False) -> None:
        #: Tells whether the reader's connection is closed.
        self.is_gone = is_gone
        #: Whether the stream has to end: the server stops, or the reader is too far behind.
        self.closed = False
        self._evidence: dict[str, Shown] = {}
        self._progress: dict[tuple[str, StageName], bytes] = {}
        self._progress_due = 0.0
        self._sent: dict[str, int] = {}
        self._news = asyncio.Event()

    def put(self, shown: Shown) -> None:
        """Take in a version, unless one as new was taken before; what waits of an older one goes."""
        if shown.version <= self._sent.get(shown.id, 0):
            return
        waiting = self._evidence.get(shown.id)
        if waiting and waiting.version >= shown.version:
            return
        if waiting is None and len(self._evidence) >= LARGEST_BACKLOG:
            self.close()
            return
        self._evidence[shown.id] = shown
        self._forget_progress(shown.id)
        self._news.set()

    def put_progress(self, evidence_id: str, stage: StageName, data: bytes) -> None:
        """Take in how far a stage is; of what a reader has no time for, the older word is lost."""
        if len(self._progress) < LARGEST_BACKLOG or (evidence_id, stage) in self._progress:
            self._progress[evidence_id, stage] = data
            self._news.set()

    def pass_by(self, read: Sequence[Shown]) -> list[Shown]:
        """Return those that the reader does not have of what was read past the mailbox, as taken."""
        news = [shown for shown in read if shown.version > self._sent.get(shown.id, 0)]
        for shown in news:
            waiting = self._evidence.get(shown.id)
            if waiting and waiting.version <= shown.version:
                del self._evidence[shown.id]
            self._remember(shown)
        return news

    def close(self) -> None:
        """Let the stream end."""
        self.closed = True
        self._news.set()

    async def wait(self, until: float) -> None:
        """Return when there may be something to take, or at `until` in the event loop's time."""
        if self._progress:
            until = min(until, self._progress_due)
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                await self._news.wait()

    def take(self) -> list[Shown]:
        """Return what changed first of what waits."""
        self._news.clear()
        taken = sorted(self._evidence.values(), key=lambda shown: (shown.updated_at, shown.id))[:_AT_ONCE]
        for shown in taken:
            del self._evidence[shown.id]
            self._remember(shown)
        if self._evidence:
            self._news.set()
        return taken

    def take_progress(self) -> list[bytes]:
        """Return how far stages are, unless it was asked for a moment ago."""
        now = asyncio.get_running_loop().time()
        if not self._progress or now < self._progress_due:
            return []
        self._progress_due = now + _PROGRESS_SECONDS
        taken = list(self._progress.values())
        self._progress.clear()
        return taken

    def _remember(self, shown: Shown) -> None:
        self._sent.pop(shown.id, None)
        self._sent[shown.id] = shown.version
        if len(self._sent) > LARGEST_BACKLOG:
            del self._sent[next(iter(self._sent))]

    def _forget_progress(self, evidence_id: str) -> None:
        for stage in StageName:
            self._progress.pop((evidence_id, stage), None)
