"""What must hold when gateways and workers share a database, queues and a store, but no disk and no host.

Run in namespaces by `tests/end_to_end/test_machines.py`; `STORE=s3` keeps the bytes in a bucket.
"""

import asyncio
import hashlib
import os
import random
from collections.abc import AsyncIterator, Callable, Iterator

import aiohttp
import pytest

from tests.gateway.events.reading import reading
from tests.gateway.wire import begun_patch, until_offset
from tests.machines.fleet import Fleet, running_fleet
from tests.samples.film import make_phone_film
from tests.samples.photo import make_photo
from tests.services.api import Api, until

LONG = [pytest.mark.soak, pytest.mark.timeout(7200)]

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def running() -> Iterator[Fleet]:
    with running_fleet(in_bucket=os.environ.get("STORE") == "s3") as fleet:
        yield fleet


@pytest.fixture
def fleet(running: Fleet, request: pytest.FixtureRequest) -> Iterator[Fleet]:
    """The fleet with everything running, whatever the test before killed."""
    running.heal()
    yield running
    outcome = getattr(request.node, "outcome", None)
    if outcome is not None and outcome.failed:
        print(running.logs())


@pytest.fixture
async def apis(fleet: Fleet) -> AsyncIterator[list[Api]]:
    one, other = fleet.gateways
    async with Api(one.url, fleet.key) as first, Api(other.url, fleet.key) as second:
        yield [first, second]


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_photo(tmp_path_factory.mktemp("samples") / "photo.jpg", width=1200, height=900).read_bytes()


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("samples") / "dance.mp4"
    make_phone_film(path, seconds=2, width=640, height=360)
    return path.read_bytes()


async def test_evidence_sent_to_either_machine_becomes_ready_once_and_both_serve_it(
    fleet: Fleet, apis: list[Api], photo: bytes, film: bytes
) -> None:
    sent = [
        (api, *content)
        for api in apis
        for content in (("photo.jpg", photo), ("dance.mp4", film), ("essay.txt", b"hello\n"))
    ]
    paths = await asyncio.gather(*(api.send(data, name) for api, name, data in sent))
    for path, (api, _, data) in zip(paths, sent, strict=True):
        other = apis[apis[0] is api]
        found = await other.wait(path)
        assert found["state"] == "ready", found
        assert found["sha256"] == hashlib.sha256(data).hexdigest()
        assert found == await api.evidence(path)
        for place in apis:
            assert (await place.download(found["original"]["url"]))[1] == data
            assert {(await place.download(made["url"]))[0] for made in found["renditions"]} <= {200}
        fleet.assert_each_step_happened_once(path)
    own = [node.machine.folder / "store" for node in fleet.nodes]
    assert not fleet.bucket or not any(any(folder.rglob("original")) for folder in own)


async def test_an_upload_goes_on_at_the_other_machine_when_its_first_one_dies(
    fleet: Fleet, apis: list[Api]
) -> None:
    data = random.Random(1).randbytes(6 << 20)
    upload, evidence = await apis[0].create(len(data), "essay.txt")
    async with begun_patch(apis[0], upload, 0, data[: 4 << 20], len(data)):
        await until_offset(apis[0], upload, 2 << 20)
        fleet.gateways[0].kill()
        offset = await apis[1].offset(upload)
        assert offset >= 2 << 20
        await until(lambda: goes_on(apis[1], upload, data), 30)
    found = await apis[1].wait_for(evidence, lambda found: found["sha256"] is not None)
    assert found["sha256"] == hashlib.sha256(data).hexdigest()


async def goes_on(api: Api, upload: str, data: bytes) -> bool:
    """Send the rest, as a client does: it asks where the upload stands, and asks again when it is refused."""
    offset = await api.offset(upload)
    return (await api.patch(upload, offset, data[offset:])).status == 204


async def test_an_upload_whose_machine_is_cut_off_is_taken_over_and_the_old_writer_changes_nothing(
    fleet: Fleet, apis: list[Api]
) -> None:
    data = random.Random(2).randbytes(3 << 20)
    upload, evidence = await apis[0].create(len(data), "essay.txt")
    machine = fleet.gateways[0].machine
    async with begun_patch(apis[0], upload, 0, data[: 1 << 20], len(data)) as stalled:
        await until_offset(apis[1], upload, 1 << 18)
        machine.cut()
        try:
            await stalled.send(b"x" * (1 << 20))
            await until(lambda: goes_on(apis[1], upload, data), 60)
        finally:
            machine.mend()
        await stalled.rest(30)
    found = await apis[1].wait_for(evidence, lambda found: found["sha256"] is not None)
    assert found["sha256"] == hashlib.sha256(data).hexdigest()


async def test_the_last_bytes_sent_to_both_machines_at_once_make_one_piece_of_evidence(
    fleet: Fleet, apis: list[Api]
) -> None:
    for number in range(5):
        data = random.Random(number).randbytes(200_000)
        upload, evidence = await apis[0].create(len(data), "essay.txt")
        answers = await asyncio.gather(*(api.patch(upload, 0, data) for api in [*apis, *apis, apis[0]]))
        assert {answer.status for answer in answers} <= {204, 409}
        assert 204 in {answer.status for answer in answers}
        await apis[1].wait(evidence)
        kinds = [kind for kind, _ in fleet.events(evidence)]
        assert kinds.count("received") == 1
    assert fleet.postgres.execute("SELECT count(*) FROM upload WHERE state = 'open'") == "0"


async def test_a_cap_holds_across_machines(fleet: Fleet, apis: list[Api]) -> None:
    async def create(number: int) -> str | None:
        try:
            return (await apis[number % 2].create(5))[0]
        except AssertionError:
            return None

    created = [path for path in await asyncio.gather(*(create(number) for number in range(100))) if path]
    assert len(created) == 60
    for path in created:
        async with apis[0].session.delete(path, headers={"Tus-Resumable": "1.0.0"}) as answer:
            assert answer.status == 204


async def test_progress_is_told_by_the_machine_that_did_not_receive(
    fleet: Fleet, apis: list[Api], film: bytes
) -> None:
    async with reading(apis[1], "/v1/events") as stream:
        evidence = await apis[0].send(film, "dance.mp4")
        wanted = evidence.rpartition("/")[2]
        event = await stream.until(
            lambda event: event.data.get("id") == wanted and event.data.get("state") == "ready", 60
        )
    assert event.data == await apis[0].evidence(evidence)


@pytest.mark.parametrize("rounds", [1, pytest.param(10, marks=LONG)])
async def test_kill_9_of_each_in_turn_loses_nothing_and_doubles_nothing(
    fleet: Fleet, apis: list[Api], photo: bytes, film: bytes, rounds: int
) -> None:
    for number in range(rounds):
        sending = [
            asyncio.create_task(insist(apis, random.Random(f"{number} {each}"), photo, film))
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


async def insist(apis: list[Api], dice: random.Random, photo: bytes, film: bytes) -> tuple[str, str]:
    """Send a file as a client does that goes on until it is through; return its evidence and SHA-256."""
    essay = (f"{dice.random()}\n" * 60_000).encode()
    data, name = dice.choice(((photo, "photo.jpg"), (film, "dance.mp4"), (essay, "essay.txt")))
    key = {"Idempotency-Key": f"k{dice.getrandbits(60)}"}
    upload = evidence = ""
    while True:
        api = dice.choice(apis)
        try:
            if not upload:
                upload, evidence = await api.create(len(data), name, **key)
            offset = await api.offset(upload)
            if offset == len(data):
                return evidence, hashlib.sha256(data).hexdigest()
            await api.patch(upload, offset, data[offset : offset + dice.randint(1, len(data))])
        except (AssertionError, aiohttp.ClientError, OSError):
            await asyncio.sleep(0.1)


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


@pytest.mark.parametrize(
    "name", ["database", pytest.param("queues", marks=LONG), pytest.param("store", marks=LONG)]
)
async def test_a_server_that_is_cut_off_keeps_nobody_for_ever_and_work_goes_on_when_it_is_back(
    fleet: Fleet, apis: list[Api], photo: bytes, film: bytes, name: str
) -> None:
    sending = [
        asyncio.create_task(insist(apis, random.Random(f"{name} {each}"), photo, film)) for each in range(6)
    ]
    await asyncio.sleep(0.3)
    fleet.machines[name].cut()
    try:
        for api in apis:
            async with asyncio.timeout(6), api.session.get("/readyz") as answer:
                assert answer.status == (503 if name == "database" else 200)
        async with asyncio.timeout(20), apis[0].session.get("/v1/evidence") as answer:
            assert answer.status == (503 if name == "database" else 200)
        await asyncio.sleep(2)
    finally:
        fleet.machines[name].mend()
    for evidence, digest in await asyncio.gather(*sending):
        found = await apis[1].wait(evidence, seconds=120)
        assert (found["state"], found["sha256"]) == ("ready", digest), found
        fleet.assert_each_step_happened_once(evidence)


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
