"""Live progress of real work, while parts of the deployment are killed."""

import asyncio

import aiohttp
import pytest

from tests.gateway.events.reading import Event, Reading, reading
from tests.samples.film import make_phone_film
from tests.services.api import Api
from tests.services.intake import Intake

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("samples") / "dance.mp4"
    make_phone_film(path, seconds=4, width=1280, height=720)
    return path.read_bytes()


async def rest_of(stream: Reading) -> list[Event]:
    events = []
    async with asyncio.timeout(120):
        while True:
            try:
                events.append(await stream.next(60))
            except EOFError:
                return events


def is_ready(event: Event) -> bool:
    return event.data.get("state") == "ready"


async def test_a_films_way_to_ready_is_told_live(intake: Intake, api: Api, film: bytes) -> None:
    evidence = await api.send(film, "dance.mp4")
    async with reading(api, f"{evidence}/events") as stream:
        events = await rest_of(stream)
    told = [event.data for event in events if event.name == "progress" and event.data["stage"] == "transcode"]
    steps = [step["progress"] for step in told]
    assert steps == sorted(steps)
    assert any(0 < step < 1 for step in steps)
    states = [event.data["state"] for event in events if event.name == "evidence"]
    assert states[-1] == "ready"
    assert events[-1].data == await api.evidence(evidence)


async def test_neither_a_killed_worker_nor_gateway_nor_redis_hides_the_end(
    intake: Intake, api: Api, film: bytes
) -> None:
    evidence = await api.send(film, "dance.mp4")
    async with reading(api, "/v1/events") as centre:
        async with reading(api, f"{evidence}/events") as stream:
            await stream.until(lambda event: event.data.get("stage") == "transcode", 60)
            intake.kill_workers()
            intake.redis.kill()
            intake.redis.start()
            intake.start_workers()
            events = await rest_of(stream)
            assert events[-1].data["state"] == "ready"
        intake.kill_gateway()
        with pytest.raises((aiohttp.ClientError, EOFError)):
            await centre.until(lambda event: False)
    intake.start_gateway()
    async with reading(api, "/v1/events", centre.last_id) as again:
        sent = await api.send(b"hello\n", "essay.txt")
        ended = await again.until(lambda event: is_ready(event) and event.data["id"] in sent, 60)
        assert ended.data == await api.evidence(sent)
