"""Nothing lost, nothing doubled: kill -9 of every part, and a wiped Redis, while evidence is on its way."""

import asyncio
import hashlib
import os
import random
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest

from tests.end_to_end.trail import assert_each_step_happened_once, assert_nothing_pends
from tests.samples.film import make_phone_film
from tests.samples.office import make_document
from tests.samples.photo import make_photo
from tests.services.api import Api, Json, until
from tests.services.intake import Intake, Place
from tests.services.process import wait_until

SERVERS = ("redis-server", "postgres", "weed")
ROUNDS = [10, pytest.param(100, marks=[pytest.mark.soak, pytest.mark.timeout(7200)])]

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("samples") / "dance.mp4"
    make_phone_film(path, seconds=2, width=1280, height=720)
    return path.read_bytes()


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_photo(tmp_path_factory.mktemp("samples") / "photo.jpg", width=2000, height=1500).read_bytes()


@pytest.fixture(scope="module")
def large_document(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A document that takes a while to scan and to verify."""
    path = tmp_path_factory.mktemp("samples") / "thesis.docx"
    noise = random.Random(1).randbytes(4 << 20)
    return make_document(path, {f"word/media/image{n}.bin": noise for n in range(12)}).read_bytes()


@pytest.mark.parametrize("rounds", ROUNDS)
async def test_kill_9_of_the_gateway_during_an_upload_loses_nothing(
    intake: Intake, api: Api, rounds: int
) -> None:
    for number in range(rounds):
        data = random.Random(number).randbytes(6 << 20)
        upload, evidence = await api.create(len(data), "essay.txt")
        sending = asyncio.create_task(api.patch(upload, 0, in_pieces(data)))
        await reach(api, upload, 256 << 10)
        intake.kill_gateway()
        with pytest.raises(aiohttp.ClientError):
            await sending
        intake.start_gateway()
        offset = await api.offset(upload)
        assert 256 << 10 <= offset < len(data)
        assert (await api.patch(upload, offset, data[offset:])).status == 204
        found = await api.wait_for(evidence, lambda found: found["sha256"] is not None)
        assert found["sha256"] == hashlib.sha256(data).hexdigest()
        assert found["size_bytes"] == len(data)


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("stage", ["scan", "verify", "transcode", "thumbnail"])
async def test_kill_9_of_a_worker_in_each_stage_still_leads_to_ready_once(
    intake: Intake, api: Api, film: bytes, large_document: bytes, stage: str, rounds: int
) -> None:
    data, name = (large_document, "thesis.docx") if stage in {"scan", "verify"} else (film, "dance.mp4")
    for _ in range(rounds):
        evidence = await caught(api, data, name, stage)
        intake.kill_workers()
        intake.start_workers()
        found = await api.wait(evidence, seconds=60)
        assert found["state"] == "ready", found
        kinds = [rendition["kind"] for rendition in found["renditions"]]
        assert len(kinds) == len(set(kinds))
        assert name != "dance.mp4" or {"poster", "video"} <= set(kinds)
        assert_each_step_happened_once(intake, evidence)
    assert_nothing_pends(intake)


@pytest.mark.parametrize("rounds", ROUNDS)
async def test_a_wiped_redis_delays_but_loses_nothing(
    intake: Intake, api: Api, film: bytes, photo: bytes, rounds: int
) -> None:
    for number in range(rounds):
        sent = await asyncio.gather(
            api.send(photo, "photo.jpg"), api.send(film, "dance.mp4"), api.send(b"hello\n" * 50, "essay.txt")
        )
        await asyncio.sleep(random.Random(number).uniform(0, 1.5))
        await asyncio.to_thread(flush, intake)
        for evidence in sent:
            found = await api.wait(evidence, seconds=60)
            assert found["state"] == "ready", found
            assert_each_step_happened_once(intake, evidence)
    assert_nothing_pends(intake)


async def test_kill_9_of_redis_stops_no_upload_and_loses_nothing(
    intake: Intake, api: Api, photo: bytes
) -> None:
    intake.redis.kill()
    sent = [await api.send(photo, "photo.jpg"), await api.send(b"hello\n", "essay.txt")]
    assert {(await api.evidence(evidence))["state"] for evidence in sent} == {"received"}
    intake.redis.start()
    for evidence in sent:
        assert (await api.wait(evidence))["state"] == "ready"
        assert_each_step_happened_once(intake, evidence)


async def test_a_stopped_scanner_delays_and_says_so_and_work_goes_on_when_it_is_back(
    intake: Intake, api: Api
) -> None:
    intake.clamd.kill()
    sent = [await api.send(f"essay {number}\n".encode(), "essay.txt") for number in range(3)]
    for evidence in sent:
        waiting = await api.wait_for(evidence, lambda found: found["delayed"], seconds=30)
        assert (waiting["state"], waiting["code"]) == ("received", "scanner_unavailable")
        assert waiting["reason"]
        assert waiting["remedy"]
    await asyncio.sleep(2)
    assert {(await api.evidence(evidence))["state"] for evidence in sent} == {"received"}
    intake.clamd.start()
    for evidence in sent:
        found = await api.wait(evidence)
        assert (found["state"], found["delayed"], found["code"]) == ("ready", False, None)
        assert_each_step_happened_once(intake, evidence)


async def test_five_deploys_count_nothing_against_the_evidence(intake: Intake, api: Api, film: bytes) -> None:
    evidence = await caught(api, film, "dance.mp4", "transcode")
    for _ in range(5):
        for worker in intake.workers:
            worker.send_signal(signal.SIGTERM)
        for worker in intake.workers:
            await asyncio.to_thread(worker.wait, 15)
        intake.workers.clear()
        intake.start_workers()
    found = await api.wait(evidence)
    assert found["state"] == "ready"
    assert [stage["attempts"] for stage in found["stages"]] == [1, 1, 1, 1]


async def test_no_killed_worker_leaves_a_process_or_scratch_behind(
    intake: Intake, api: Api, film: bytes
) -> None:
    evidence = await caught(api, film, "dance.mp4", "transcode")
    intake.kill_workers()
    with suppress(AssertionError):
        await asyncio.to_thread(wait_until, lambda: not processes_of(intake), 10)
    assert processes_of(intake) == []
    intake.start_workers()
    assert (await api.wait(evidence))["state"] == "ready"
    for place in intake.worker_places:
        await asyncio.to_thread(wait_until, lambda place=place: len(scratch_of(place)) <= 1, 10)


def scratch_of(place: Place) -> list[Path]:
    return list((place.folder / "scratch").glob("work-*"))


def processes_of(intake: Intake) -> list[str]:
    """Command lines of processes, servers apart, that have the deployment's folder in their arguments."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(intake.folder) in line and not any(server in line for server in SERVERS):
                found.append(line)
    return found


async def caught(api: Api, data: bytes, name: str, stage: str) -> str:
    """Send evidence until the stage of one is seen running; one that ended unseen is waited for."""
    for _ in range(5):
        evidence = await api.send(data, name)
        found = await api.wait_for(
            evidence, lambda found: state_of(found, stage) in {"running", "done"}, seconds=30
        )
        if state_of(found, stage) == "running":
            return evidence
        found = await api.wait(evidence)
        assert found["state"] == "ready", found
    raise AssertionError("the stage always ended before it could be caught; the sample is too small")


def state_of(found: Json, stage: str) -> str:
    (state,) = (row["state"] for row in found["stages"] if row["name"] == stage)
    return str(state)


def flush(intake: Intake) -> None:
    import redis

    with redis.Redis.from_url(intake.redis.url) as client:
        client.flushall()


async def in_pieces(data: bytes) -> AsyncIterator[bytes]:
    """The body, slowly enough to be caught half-way."""
    for first in range(0, len(data), 64 << 10):
        yield data[first : first + (64 << 10)]
        await asyncio.sleep(0.02)


async def reach(api: Api, upload: str, offset: int) -> None:
    await until(lambda: reached(api, upload, offset))


async def reached(api: Api, upload: str, offset: int) -> bool:
    return await api.offset(upload) >= offset
