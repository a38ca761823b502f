"""A worker's context on a real database, disk and Redis; scanner and children are named by each test."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from uuid6 import uuid7

from config.settings import Settings
from scanning.pool import ClamdPool
from storage.blobs.local import LocalBlobStore
from storage.evidence import Evidence, original_key
from storage.records.database import migrate, open_database
from storage.records.evidence import EvidenceRecords
from storage.records.outbox import Outbox
from storage.records.upkeep import Upkeep
from storage.records.uploads import UploadRecords
from storage.upload import Upload
from tests.services.clamd import ClamdServer
from tests.services.redis import RedisServer
from tests.workers.values import NOW, receiving
from transcode.children import open_children
from transcode.office import Office
from workers.context import Context
from workers.decisions import received
from workers.queue import open_queue


@dataclass
class Workplace:
    """The context, and what a test looks at beside it."""

    context: Context
    uploads: UploadRecords

    async def receive(
        self, data: bytes = b"essay\n", extension: str | None = "mov", file: Path | None = None
    ) -> Evidence:
        """Put one piece of evidence where an upload leaves it: `data`, or the bytes of `file`, which goes."""
        evidence = replace(receiving(), id=str(uuid7()), extension=extension)
        upload = Upload(uuid4().hex, evidence.id, evidence.centre_id, "key", NOW, NOW + timedelta(days=7))
        await self.uploads.create(upload, evidence)
        key = original_key(evidence.id)
        blobs = self.context.blobs
        stored = await (blobs.publish(key, file) if file else blobs.write_bytes(key, data))
        changed = await self.context.evidence.change(
            evidence.id, lambda now: received(now, stored.size_bytes, "key", datetime.now(UTC))
        )
        assert changed
        return changed.after

    async def look(self, evidence: Evidence) -> Evidence:
        return await self.context.evidence.load(evidence.id, None)


@pytest.fixture
async def workplace(
    tmp_path: Path, redis_server: RedisServer, chosen_database: str
) -> AsyncIterator[Workplace]:
    settings = Settings(
        data=tmp_path, redis_url=redis_server.url, database_url=chosen_database, max_attempts=3
    )
    await asyncio.to_thread(migrate, settings.database_url)
    unused: Any = None
    async with open_database(settings.database_url) as database, open_queue(settings) as queue:
        context = Context(
            settings=settings,
            name="worker:test",
            evidence=EvidenceRecords(database),
            outbox=Outbox(database),
            upkeep=Upkeep(database),
            blobs=LocalBlobStore(settings.store / "blobs"),
            queue=queue,
            scanner=unused,
            children=unused,
            office=Office(),
        )
        yield Workplace(context, UploadRecords(database))


@pytest.fixture
async def laboratory(
    workplace: Workplace, clamd_server: ClamdServer, tmp_path: Path
) -> AsyncIterator[Workplace]:
    """A workplace with a scanner, and with children that inspect."""
    async with open_children(("scanning.inspection",), 1, tmp_path / "scratch") as children:
        settings = workplace.context.settings.model_copy(update={"allow_demonstration_signatures": True})
        workplace.context = replace(
            workplace.context,
            children=children,
            scanner=ClamdPool([clamd_server.socket]),
            settings=settings,
        )
        yield workplace


@pytest.fixture
async def studio(workplace: Workplace, tmp_path: Path) -> AsyncIterator[Workplace]:
    """A workplace with children that draw."""
    async with open_children(("transcode.image",), 1, tmp_path / "scratch") as children:
        workplace.context = replace(workplace.context, children=children)
        yield workplace
