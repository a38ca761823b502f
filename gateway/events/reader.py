"""One reading of the records for every stream of this process.

A signal names a record to load. Since signals may be lost, everything that changed lately is also looked
through at intervals: often while Redis is away. What was told before is not told again.
"""

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from gateway.events.cursor import OVERLAP
from gateway.events.mailbox import Shown
from gateway.events.streams import Streams
from gateway.events.wording import format_data
from gateway.showing import represented
from storage.evidence import Evidence
from storage.records.evidence import EvidenceRecords
from storage.states import ON_ITS_WAY, EvidenceState
from workers.queue import JobQueue
from workers.signals import parse_signal

#: Pause between two looks through what changed: while signals come, and while they cannot.
POLL_SECONDS = 10.0
POLL_ALONE_SECONDS = 1.0
_AT_ONCE = 200

#: Evidence in these states goes on by itself, or as soon as its bytes come.
_MOVING = ON_ITS_WAY | {EvidenceState.RECEIVING}


class Reader:
    """Reads what changed and tells the streams. Raises `StorageError` from whatever reads."""

    def __init__(self, evidence: EvidenceRecords, queue: JobQueue, streams: Streams) -> None:
        self._evidence = evidence
        self._queue = queue
        self._streams = streams
        self._connected = False
        self._signalled: set[str] = set()
        self._rung = asyncio.Event()
        self._poll_at = 0.0
        #: Versions that were told, or were there before anybody asked, of what changed lately.
        self._known: dict[str, int] = {}
        #: Every change up to here was told, but for those that became visible later than `OVERLAP` allows.
        self.complete_until = datetime.now(UTC)

    async def begin(self) -> None:
        """Take what there is for known: whoever begins to follow now reads it by himself."""
        self.complete_until = datetime.now(UTC)
        latest = await self._evidence.latest_since(self.complete_until - OVERLAP, None)
        self._known = {row.id: row.version for row in latest}
        self._poll_soon()

    def hear(self, message: bytes) -> None:
        """Take in what was said on the channel of events."""
        signal = parse_signal(message)
        if signal is None or not self._streams.follow(signal.centre_id, signal.evidence_id):
            return
        if signal.reported:
            self._streams.tell_progress(signal.centre_id, signal.evidence_id, signal.reported)
        else:
            self._signalled.add(signal.evidence_id)
            self._rung.set()

    def stand(self, connected: bool) -> None:
        """Learn whether signals come; what was missed while they did not is looked for at once."""
        self._connected = connected
        self._poll_at = 0.0
        self._rung.set()

    async def read(self) -> None:
        """Wait for the next reason to read, and read. When that fails, the next look is soon."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._poll_at):
                await self._rung.wait()
        self._rung.clear()
        signalled, self._signalled = self._signalled, set()
        try:
            if asyncio.get_running_loop().time() >= self._poll_at:
                await self._poll()
            await self._tell(signalled)
        except Exception:
            self._poll_soon()
            raise

    async def _poll(self) -> None:
        # Set before reading: who learns meanwhile that signals come asks for another look.
        pause = POLL_SECONDS if self._connected else POLL_ALONE_SECONDS
        self._poll_at = asyncio.get_running_loop().time() + pause
        began = datetime.now(UTC)
        rows = await self._evidence.latest_since(self.complete_until - OVERLAP, self._streams.centre_ids())
        newer = [row for row in rows if row.version > self._known.get(row.id, 0)]
        await self._tell([row.id for row in newer if self._streams.follow(row.centre_id, row.id)])
        self._known = {row.id: max(row.version, self._known.get(row.id, 0)) for row in rows}
        self.complete_until = began

    async def _tell(self, evidence_ids: Collection[str]) -> None:
        waiting = list(evidence_ids)
        for first in range(0, len(waiting), _AT_ONCE):
            found = await self._evidence.load_all(waiting[first : first + _AT_ONCE])
            fresh = [evidence for evidence in found if evidence.version > self._known.get(evidence.id, 0)]
            for evidence, shown in zip(fresh, await show_all(self._queue, fresh), strict=True):
                self._known[evidence.id] = evidence.version
                self._streams.tell(evidence.centre_id, shown)

    def _poll_soon(self) -> None:
        self._poll_at = asyncio.get_running_loop().time() + POLL_ALONE_SECONDS


def has_ended(evidence: Evidence) -> bool:
    """Tell whether the evidence has reached an end."""
    return evidence.state not in _MOVING


async def show_all(queue: JobQueue, found: Sequence[Evidence]) -> list[Shown]:
    """Return pieces of evidence as streams send them: exactly the JSON that a GET of each answers."""
    return [
        Shown(
            evidence.id,
            evidence.version,
            evidence.updated_at,
            ended=has_ended(evidence),
            data=format_data(told),
        )
        for evidence, told in zip(found, await represented(queue, found), strict=True)
    ]
