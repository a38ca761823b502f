"""When the records are looked through."""

import asyncio
from typing import Any, cast

from gateway.events.reader import Reader
from gateway.events.streams import Streams
from storage.records.evidence import EvidenceRecords
from workers.queue import JobQueue


class _Records:
    """Nothing changes; `on_look` is called at each look."""

    def __init__(self) -> None:
        self.looks = 0
        self.on_look: Any = None

    async def latest_since(self, *_: object) -> tuple[()]:
        self.looks += 1
        self.on_look()
        await asyncio.sleep(0)
        return ()


class _Streams:
    def centre_ids(self) -> frozenset[str]:
        return frozenset()


async def test_who_learns_during_a_look_that_signals_come_looks_again_at_once() -> None:
    records = _Records()
    reader = Reader(cast("EvidenceRecords", records), cast("JobQueue", None), cast("Streams", _Streams()))
    records.on_look = lambda: reader.stand(connected=True) if records.looks == 1 else None
    async with asyncio.timeout(5):
        await reader.read()
        await reader.read()
    assert records.looks == 2
