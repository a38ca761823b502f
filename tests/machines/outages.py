"""Every part of a fleet is killed or cut off while evidence is on its way: nothing is lost or doubled."""

import asyncio
import random
from collections.abc import Callable
from functools import partial

import pytest

from tests.machines.fleet import Fleet
from tests.machines.sending import insist_on_any
from tests.services.api import Api, until

LONG = [pytest.mark.soak, pytest.mark.timeout(7200)]

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("rounds", [1, pytest.param(10, marks=LONG)])
async def test_kill_9_of_each_in_turn_loses_nothing_and_doubles_nothing(
    fleet: Fleet, apis: list[Api], photo: bytes, film: bytes, rounds: int
) -> None:
    for number in range(rounds):
        sending = [
            asyncio.create_task(insist_on_any(apis, random.Random(f"{number} {each}"), photo, film))
            for each in range(8)
        ]
        for bring_down in (*deaths(fleet), *deaths(fleet)[: 2 * (number % 2)]):
            await asyncio.sleep(random.Random(number).uniform(0.2, 0.8))
            await fleet.do(bring_down)
        sent = await asyncio.gather(*sending)
        await fleet.do(fleet.heal)
        for evidence, digest in sent:
            found = await apis[1].wait(evidence, seconds=120)
            assert (found["state"], found["sha256"]) == ("ready", digest), found
            fleet.assert_each_step_happened_once(evidence)
        assert fleet.postgres.execute("SELECT count(*) FROM outbox") == "0"
    verified = await asyncio.to_thread(fleet.gateways[0].run, "storage", "verify", "--bytes")
    assert verified == "0 findings"


def deaths(fleet: Fleet) -> list[Callable[[], None]]:
    """Kill each part, and start it again after a while in which the others went on."""
    gateways = [restarting(node.kill, node.start) for node in fleet.gateways]
    workers = [restarting(node.kill, node.start) for node in fleet.workers]
    return [
        gateways[0],
        workers[0],
        restarting(fleet.redis.kill, lambda: fleet.redis.start(*fleet.words("queues"))),
        restarting(fleet.postgres.kill, lambda: fleet.postgres.restart(*fleet.words("database"))),
        restarting(fleet.clamds[0].kill, lambda: fleet.clamds[0].start(*fleet.words("worker1"))),
        *store_death(fleet),
        gateways[1],
        workers[1],
    ]


def store_death(fleet: Fleet) -> list[Callable[[], None]]:
    bucket = fleet.bucket
    return [restarting(bucket.kill, lambda: bucket.start(*fleet.words("store")))] if bucket else []


def restarting(kill: Callable[[], None], start: Callable[[], None]) -> Callable[[], None]:
    def bring_down() -> None:
        kill()
        start()

    return bring_down


async def test_a_worker_that_is_cut_off_loses_its_jobs_to_the_other_and_harms_nothing_when_it_is_back(
    fleet: Fleet, apis: list[Api], film: bytes
) -> None:
    sent = [await apis[0].send(film, "dance.mp4") for _ in range(3)]
    fleet.workers[0].machine.cut()
    try:
        for evidence in sent:
            assert (await apis[0].wait(evidence, seconds=90))["state"] == "ready"
    finally:
        fleet.workers[0].machine.mend()
    for evidence in sent:
        fleet.assert_each_step_happened_once(evidence)


@pytest.mark.parametrize("name", [pytest.param(name, marks=LONG) for name in ("database", "queues", "store")])
async def test_a_server_that_is_cut_off_keeps_nobody_for_ever_and_work_goes_on_when_it_is_back(
    fleet: Fleet, apis: list[Api], photo: bytes, film: bytes, name: str
) -> None:
    sending = [
        asyncio.create_task(insist_on_any(apis, random.Random(f"{name} {each}"), photo, film))
        for each in range(6)
    ]
    await asyncio.sleep(0.3)
    fleet.machines[name].cut()
    without = name == "database" or (name == "store" and fleet.bucket)
    try:
        for api in apis:
            await until(partial(readiness_is, api, 503 if without else 200), 12)
        async with asyncio.timeout(20), apis[0].session.get("/v1/evidence") as answer:
            assert answer.status == (503 if name == "database" else 200)
        await asyncio.sleep(2)
    finally:
        fleet.machines[name].mend()
    for evidence, digest in await asyncio.gather(*sending):
        found = await apis[1].wait(evidence, seconds=120)
        assert (found["state"], found["sha256"]) == ("ready", digest), found
        fleet.assert_each_step_happened_once(evidence)


async def readiness_is(api: Api, status: int) -> bool:
    async with asyncio.timeout(6), api.session.get("/readyz") as answer:
        return answer.status == status


async def test_a_database_that_stops_is_an_outage_that_says_when_to_come_back(
    fleet: Fleet, apis: list[Api]
) -> None:
    fleet.postgres.stop()
    try:
        for api in apis:
            async with api.session.get("/readyz") as answer:
                assert (answer.status, (await answer.json())["records"]) == (503, False)
            async with api.session.get("/v1/evidence") as answer:
                assert answer.status == 503
                assert int(answer.headers["Retry-After"]) > 0
                assert (await answer.json())["remedy"]
    finally:
        fleet.postgres.start(*fleet.words("database"))
    for api in apis:
        assert (await api.wait(await api.send(b"hello\n", "essay.txt")))["state"] == "ready"
