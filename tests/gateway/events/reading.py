"""A reader of server-sent events as the HTML standard has it, and a worker that changes evidence."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import aiohttp
from uuid6 import uuid7

from config.settings import Settings
from gateway.services import Services
from storage.evidence import Change, Evidence
from storage.records.transaction import Changed
from storage.states import EvidenceState
from storage.upload import Upload
from tests.services.api import Api, until
from workers.connection import connect
from workers.pipeline import first_stages

Json = dict[str, Any]


@dataclass(frozen=True)
class Event:
    name: str
    id: str
    data: Json


class Reading:
    """One open stream."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer
        #: What a browser would send when it connects again.
        self.last_id: str | None = None
        self.comments = 0

    async def next(self, seconds: float = 10) -> Event:
        """Return the next event; raises `EOFError` at the stream's end."""
        async with asyncio.timeout(seconds):
            while True:
                event = self._dispatch(await self._block())
                if event:
                    return event

    async def until(self, wanted: Callable[[Event], bool], seconds: float = 10) -> Event:
        async with asyncio.timeout(seconds):
            while not wanted(event := await self.next(seconds)):
                pass
            return event

    async def evidence(self, seconds: float = 10) -> Event:
        return await self.until(lambda event: event.name == "evidence", seconds)

    async def opened(self) -> None:
        """Read the block that every stream begins with."""
        assert self._dispatch(await self._block()) is None

    async def ended(self, seconds: float = 10) -> None:
        """Read to the end; fail when an event comes before it."""
        try:
            event = await self.next(seconds)
        except EOFError:
            return
        raise AssertionError(f"the stream went on with {event}")

    async def _block(self) -> list[str]:
        lines: list[str] = []
        while line := await self.answer.content.readline():
            if line == b"\n":
                return lines
            lines.append(line.decode().removesuffix("\n"))
        raise EOFError

    def _dispatch(self, lines: list[str]) -> Event | None:
        fields = {}
        for line in lines:
            name, _, value = line.partition(":")
            self.comments += name == ""
            fields[name] = value.removeprefix(" ")
        self.last_id = fields.get("id", self.last_id)
        if "data" not in fields:
            return None
        return Event(fields.get("event", "message"), fields.get("id", ""), json.loads(fields["data"]))


@asynccontextmanager
async def reading(api: Api, path: str, last_id: str | None = None) -> AsyncIterator[Reading]:
    """Follow a path and read the block that every stream begins with."""
    headers = {"Last-Event-ID": last_id} if last_id is not None else {}
    async with api.session.get(path, headers=headers, timeout=aiohttp.ClientTimeout(total=None)) as answer:
        assert answer.status == 200, (answer.status, await answer.text())
        stream = Reading(answer)
        await stream.opened()
        yield stream


async def subscribers(settings: Settings) -> int:
    """Return how many gateways hear signals."""
    async with connect(settings) as client:
        return int((await client.pubsub_numsub("intake:events"))[0][1])


async def until_subscribed(settings: Settings) -> None:
    """Wait until the only gateway hears signals: what is said before is lost."""

    async def is_subscribed() -> bool:
        return await subscribers(settings) == 1

    await until(is_subscribed)


async def change(services: Services, evidence_id: str, *, signal: bool = True, **values: object) -> Evidence:
    """Change evidence as a worker does, with or without the signal after it."""
    changed: Changed | None = await services.evidence.change(
        evidence_id, lambda evidence: Change(replace(evidence, **values), "changed", "worker:test")
    )
    assert changed
    if signal:
        await services.queue.follow_up(changed)
    return changed.after


async def add(services: Services, centre_id: str = "GB001", **values: object) -> str:
    """Add a piece of evidence, without a signal; return its id."""
    now = datetime.now(UTC)
    evidence = Evidence(
        id=str(uuid7()),
        centre_id=centre_id,
        state=EvidenceState.RECEIVING,
        created_at=now,
        updated_at=now,
        stages=first_stages(),
    )
    upload = Upload(
        id=secrets.token_urlsafe(24),
        evidence_id=evidence.id,
        centre_id=centre_id,
        principal_id="test",
        created_at=now,
        expires_at=now,
        length_bytes=1,
        metadata="",
    )
    await services.uploads.create(upload, replace(evidence, **values))
    return evidence.id
