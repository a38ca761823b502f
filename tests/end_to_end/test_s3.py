"""The whole product on an object store, which is killed, slow, cut off and wrongly configured."""

import hashlib
import random
from collections.abc import Iterator

import pytest

from tests.services.api import TUS, Api, until
from tests.services.clamd import ClamdServer
from tests.services.intake import Intake, deployed
from tests.services.object_store import BUCKET, CREDENTIALS, ObjectStore
from tests.services.proxy import Fault, FaultyProxy, faulty_proxy, nothing

MIB = 1 << 20
PREFIX = "whole/product/"


def text(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size // 2).hex().encode()


@pytest.fixture(scope="module")
def way(_object_store_process: ObjectStore) -> Iterator[FaultyProxy]:
    with faulty_proxy(_object_store_process.port) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def running_intake(
    _clamd_process: ClamdServer, _object_store_process: ObjectStore, way: FaultyProxy
) -> Iterator[Intake]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        storage = _object_store_process.url(PREFIX, endpoint=way.endpoint)
        with deployed(_clamd_process, storage=storage) as intake:
            yield intake


@pytest.fixture(autouse=True)
def _good_way(way: FaultyProxy) -> Iterator[None]:
    yield
    way.choose = nothing


def objects(object_store: ObjectStore) -> list[str]:
    listed = object_store.client().list_objects_v2(Bucket=BUCKET, Prefix=PREFIX)
    return [found["Key"] for found in listed.get("Contents", [])]


async def test_an_upload_becomes_ready_and_lies_in_the_bucket_alone(
    api: Api, intake: Intake, object_store: ObjectStore, way: FaultyProxy
) -> None:
    data = text(20 * MIB)
    path = await api.send(data, "essay.txt")
    evidence = await api.wait(path)
    assert evidence["state"] == "ready", evidence
    assert evidence["sha256"] == hashlib.sha256(data).hexdigest()
    asked = [line.split()[:2] for line in way.requests]
    fetched = [path for method, path in asked if method == "GET" and f"/{evidence['id']}/original" in path]
    assert len(fetched) == 3, "all stages need the original to cross the network once, in ranges of 8 MiB"
    status, body, _ = await api.download(evidence["original"]["url"])
    assert (status, body == data) == (200, True)
    status, body, _ = await api.download(evidence["original"]["url"], Range="bytes=7000000-7000009")
    assert (status, body) == (206, data[7_000_000:7_000_010])
    for rendition in evidence["renditions"]:
        assert (await api.download(rendition["url"]))[0] == 200
    keys = objects(object_store)
    assert f"{PREFIX}blobs/{evidence['id']}/original" in keys
    assert not (intake.folder / "store").exists()
    assert intake.run("storage", "verify", "--bytes").strip() == "0 findings"


async def test_a_store_that_is_killed_in_the_middle_of_an_upload_loses_nothing(
    api: Api, intake: Intake, object_store: ObjectStore
) -> None:
    data = text(30 * MIB, 2)
    upload, path = await api.create(len(data), "essay.txt")
    assert (await api.patch(upload, 0, data[: 11 * MIB])).status == 204
    object_store.kill()
    answer = await api.patch(upload, 11 * MIB, data[11 * MIB :])
    assert (answer.status, answer.headers["Retry-After"]) == (503, "10")
    object_store.start()
    offset = await api.offset(upload)
    assert 11 * MIB <= offset <= len(data)
    assert (await api.patch(upload, offset, data[offset:])).status == 204
    evidence = await api.wait(path)
    assert (evidence["state"], evidence["sha256"]) == ("ready", hashlib.sha256(data).hexdigest())


async def test_evidence_waits_for_a_store_that_is_killed_and_then_becomes_ready(
    api: Api, intake: Intake, object_store: ObjectStore
) -> None:
    intake.kill_workers()
    data = text(2 * MIB, 3)
    path = await api.send(data, "essay.txt")
    object_store.kill()
    intake.start_worker()
    waiting = await api.wait_for(path, lambda evidence: evidence["delayed"])
    assert (waiting["state"], waiting["code"]) == ("received", "storage_unavailable")
    object_store.start()
    assert (await api.wait(path))["state"] == "ready"


async def test_a_bad_way_to_the_store_loses_nothing(api: Api, intake: Intake, way: FaultyProxy) -> None:
    faults = (Fault(status=503, code="SlowDown"), Fault(cut_sent=50_000), Fault(cut_answer=90_000), Fault())
    way.choose = lambda _: faults[len(way.requests) % 4 if len(way.requests) % 3 else 3]
    data = text(12 * MIB, 4)
    upload, path = await api.create(len(data), "essay.txt")

    async def sent() -> bool:
        offset = await api.offset(upload)
        answer = await api.patch(upload, offset, data[offset : offset + 5 * MIB])
        assert answer.status in {204, 503}
        return await api.offset(upload) == len(data)

    await until(sent, 40)
    way.choose = nothing
    evidence = await api.wait(path)
    assert (evidence["state"], evidence["sha256"]) == ("ready", hashlib.sha256(data).hexdigest())


async def test_nothing_stays_of_uploads_that_were_cancelled(api: Api, intake: Intake, object_store) -> None:
    data = text(20 * MIB, 5)
    upload, path = await api.create(len(data), "essay.txt")
    assert (await api.patch(upload, 0, data[: 17 * MIB])).status == 204
    async with api.session.delete(upload, headers=TUS) as answer:
        assert answer.status == 204
    assert (await api.evidence(path))["state"] == "withdrawn"
    unfinished = object_store.client().list_multipart_uploads(Bucket=BUCKET, Prefix=PREFIX)
    assert unfinished.get("Uploads", []) == []
    assert [key for key in objects(object_store) if not key.startswith(f"{PREFIX}blobs/")] == []
