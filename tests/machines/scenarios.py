"""What must hold when gateways and workers share a database, queues and a store, but no disk and no host.

Run in namespaces by `tests/end_to_end/test_machines.py`; `STORE=s3` keeps the bytes in a bucket.
"""

import asyncio
import hashlib
import random

import pytest

from tests.gateway.events.reading import reading
from tests.gateway.wire import begun_patch, until_offset
from tests.machines.fleet import Fleet
from tests.machines.sending import goes_on, insist
from tests.services.api import Api, until

LONG = [pytest.mark.soak, pytest.mark.timeout(7200)]

pytestmark = pytest.mark.timeout(300)


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
            stalled.writer.write(b"x" * (1 << 20))  # which nobody takes: it stays in the buffers
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


@pytest.mark.parametrize("count", [pytest.param(200, marks=LONG)])
async def test_many_uploads_at_once_to_both_machines_all_become_evidence_once(
    fleet: Fleet, apis: list[Api], count: int
) -> None:
    essays = [random.Random(number).randbytes(40_000).hex().encode() for number in range(count)]
    sending = (insist(apis, random.Random(number), essay, "essay.txt") for number, essay in enumerate(essays))
    for evidence, digest in await asyncio.gather(*sending):
        found = await apis[0].wait(evidence, seconds=600)
        assert (found["state"], found["sha256"]) == ("ready", digest), found
        fleet.assert_each_step_happened_once(evidence)
    assert fleet.postgres.execute("SELECT count(*) FROM outbox") == "0"


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
