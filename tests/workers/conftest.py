"""Queues over a real Redis, and jobs to put in them."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest

from config.settings import Settings
from storage.evidence import Job
from storage.states import StageName
from tests.services.redis import RedisServer
from workers.queue import JobQueue, open_queue

MakeJob = Callable[..., Job]


@pytest.fixture
def queue_settings(redis_server: RedisServer, tmp_path) -> Settings:
    return Settings(
        data=tmp_path, redis_url=redis_server.url, lease_seconds=1.5, drain_seconds=0.2, max_backoff_seconds=8
    )


@pytest.fixture
async def queue(queue_settings: Settings) -> AsyncIterator[JobQueue]:
    async with open_queue(queue_settings) as opened:
        yield opened


@pytest.fixture
def make_job() -> MakeJob:
    """Make a job of the `scan` queue; `delay` is in seconds."""

    def make(
        evidence: str = "e1", *, centre: str = "c1", attempt: int = 1, delay: float = 0, queue: str = "scan"
    ) -> Job:
        stage = {"scan": StageName.SCAN, "verify": StageName.VERIFY, "video": StageName.TRANSCODE}[queue]
        return Job(evidence, centre, stage, attempt, queue, datetime.now(UTC) + timedelta(seconds=delay))

    return make
