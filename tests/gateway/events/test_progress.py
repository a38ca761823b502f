"""How far stages are, live."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from config.settings import Settings
from gateway.services import Services
from storage.states import EvidenceState, StageName
from tests.gateway.conftest import OpenApi
from tests.gateway.events.reading import Event, add, change, reading, until_subscribed
from tests.services.api import Api
from workers.claims import Claims
from workers.connection import connect
from workers.pipeline import first_stages, job_of


@pytest.fixture
async def scanned(services: Services, settings: Settings) -> AsyncIterator[str]:
    """Id of evidence that a worker scans."""
    evidence_id = await add(services, stages=first_stages())
    first, *others = first_stages()
    stages = (replace(first, attempt=1), *others)
    evidence = await change(services, evidence_id, state=EvidenceState.RECEIVED, stages=stages)
    await services.queue.push([job_of(evidence, StageName.SCAN, 1, evidence.updated_at)])
    async with connect(settings) as client:
        assert await Claims(client, "scan", "w1", settings).take(1, (), sweep=True)
        yield evidence_id


def is_progress(event: Event) -> bool:
    return event.name == "progress"


async def test_progress_is_told_to_both_kinds_of_streams_and_moves_no_id(
    api: Api, services: Services, settings: Settings, scanned: str
) -> None:
    async with (
        reading(api, f"/v1/evidence/{scanned}/events") as own,
        reading(api, "/v1/events") as centre,
    ):
        await own.evidence()
        await until_subscribed(settings)
        ids = own.last_id, centre.last_id
        await services.queue.report(scanned, StageName.SCAN, 0.25, 31.5)
        told = {"evidence_id": scanned, "stage": "scan", "progress": 0.25, "eta_seconds": 31.5}
        for stream in (own, centre):
            event = await stream.next()
            assert (event.name, event.id, event.data) == ("progress", "", told)
        assert (own.last_id, centre.last_id) == ids


async def test_progress_of_another_centre_is_not_told(
    api: Api, open_api: OpenApi, services: Services, scanned: str
) -> None:
    other = await open_api(centre="GB999")
    foreign = await add(services, "GB999")
    async with reading(other, "/v1/events") as stream, reading(api, "/v1/events") as own:
        told = asyncio.create_task(own.next())
        while not told.done():  # what is reported before the process listens is not told
            await services.queue.report(scanned, StageName.SCAN, 0.5, None)
            await asyncio.sleep(0.02)
        assert (await told).data["eta_seconds"] is None
        await change(services, foreign, flags=("x",))
        assert (await stream.next()).data["id"] == foreign


async def test_it_comes_at_most_four_times_a_second_and_ends_with_the_latest(
    api: Api, services: Services, settings: Settings, scanned: str
) -> None:
    async with reading(api, "/v1/events") as stream:
        await until_subscribed(settings)
        began = time.monotonic()
        for number in range(100):
            await services.queue.report(scanned, StageName.SCAN, number / 100, None)
            await asyncio.sleep(0.01)
        told = [await stream.until(is_progress)]
        while told[-1].data["progress"] < 0.99:
            told.append(await stream.until(is_progress))
        assert len(told) <= 4 * (time.monotonic() - began) + 3


async def test_an_event_of_a_running_stage_shows_how_far_it_is(
    api: Api, services: Services, scanned: str
) -> None:
    await services.queue.report(scanned, StageName.SCAN, 0.5, 3)
    async with reading(api, f"/v1/evidence/{scanned}/events") as stream:
        stage = (await stream.evidence()).data["stages"][0]
        assert (stage["state"], stage["progress"], stage["eta_seconds"]) == ("running", 0.5, 3)


async def test_what_anybody_may_say_on_the_channel_harms_no_stream(
    api: Api, services: Services, settings: Settings
) -> None:
    evidence_id = await add(services)
    async with reading(api, "/v1/events") as stream, connect(settings) as client:
        for message in (
            b"",
            b"\xff",
            b"{}",
            b'{"centre_id":"GB001","evidence_id":"../..\\u0000"}',
            b"[" * 9999,
        ):
            await client.publish("intake:events", message)
        await change(services, evidence_id, flags=("x",))
        assert (await stream.evidence()).data["id"] == evidence_id
