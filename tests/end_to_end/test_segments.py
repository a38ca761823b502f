"""A film encoded in segments: whatever happens to workers and Redis, one finished and correct rendition."""

import asyncio
import json
import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Deploy
from tests.end_to_end.trail import assert_each_step_happened_once
from tests.samples.film import make_phone_film
from tests.services.api import Api, Json
from tests.services.clamd import ClamdServer
from tests.services.intake import QUEUES, Intake, id_of
from tests.services.process import wait_until

ROUNDS = [5, pytest.param(50, marks=[pytest.mark.soak, pytest.mark.timeout(7200)])]
SECONDS = 12
RATE = 30

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def running(_clamd_process: ClamdServer, deploy: Deploy) -> Iterator[Intake]:
    with deploy(_clamd_process, segment_seconds=2) as intake:
        intake.kill_workers()
        yield intake


@pytest.fixture
def intake(running: Intake, clamd_server: ClamdServer, request: pytest.FixtureRequest) -> Iterator[Intake]:
    """The deployment with two workers, each with one processor: then x264 repeats itself exactly."""
    start_workers(running)
    yield running
    running.kill_workers()
    outcome = getattr(request.node, "outcome", None)
    if outcome is not None and outcome.failed:
        print(running.logs())


@pytest.fixture
async def api(intake: Intake) -> AsyncIterator[Api]:
    async with Api(intake.urls[-1], intake.key) as client:
        yield client


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Larger than what is copied, with a place to cut at in every second."""
    path = tmp_path_factory.mktemp("samples") / "dance.mp4"
    return make_phone_film(path, width=640, height=360, seconds=SECONDS, rate=RATE).read_bytes()


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, list[str]]:
    """Decoded frames of a run that nothing happened to, once there was one."""
    return {}


async def test_two_workers_share_the_segments_and_progress_only_grows(
    intake: Intake, api: Api, film: bytes, tmp_path: Path, undisturbed: dict[str, list[str]]
) -> None:
    evidence = await api.send(film, "dance.mp4")
    told: list[Json] = []

    def watched(found: Json) -> bool:
        told.append(transcode_of(found))
        return found["state"] not in {"received", "scanned", "verified"}

    found = await api.wait_for(evidence, watched, seconds=120)
    assert found["state"] == "ready", found
    assert [stage["attempts"] for stage in found["stages"]] == [1, 1, 1, 1]
    assert [stage["name"] for stage in found["stages"]] == ["scan", "verify", "transcode", "thumbnail"]
    progress = [stage["progress"] for stage in told]
    assert progress == sorted(progress)
    assert len(set(progress)) > 5
    assert any(stage["eta_seconds"] for stage in told)
    done = [actor for actor, _ in encoded_segments(intake, evidence)]
    assert len(done) == 7, "six segments of the picture, and the sound"
    assert len(set(done)) == 2
    assert_each_step_happened_once(intake, evidence)
    undisturbed["frames"] = await assert_correct(api, found, tmp_path)
    await assert_nothing_left(intake, evidence)


@pytest.mark.parametrize("rounds", ROUNDS)
async def test_kill_9_of_workers_at_random_leaves_one_correct_rendition_and_nothing_else(
    intake: Intake, api: Api, film: bytes, tmp_path: Path, undisturbed: dict[str, list[str]], rounds: int
) -> None:
    for number in range(rounds):
        chance = random.Random(number)
        evidence = await api.send(film, "dance.mp4")
        await api.wait_for(evidence, lambda found: transcode_of(found)["state"] == "running", seconds=60)
        for _ in range(3):
            await asyncio.sleep(chance.uniform(0.2, 2))
            victim = intake.workers.pop(chance.randrange(len(intake.workers)))
            victim.kill()
            victim.wait()
            start_workers(intake)
        found = await api.wait(evidence, seconds=180)
        assert found["state"] == "ready", found
        encoded = Counter(json.loads(note)["segment"] for _, note in encoded_segments(intake, evidence))
        assert set(encoded.values()) == {1}, "a segment counted twice"
        assert_each_step_happened_once(intake, evidence)
        frames = await assert_correct(api, found, tmp_path)
        assert frames == undisturbed.setdefault("frames", frames)
        await assert_nothing_left(intake, evidence)


async def test_a_wiped_redis_in_the_middle_loses_nothing(
    intake: Intake, api: Api, film: bytes, tmp_path: Path
) -> None:
    import redis

    evidence = await api.send(film, "dance.mp4")
    for share in (0.1, 0.4, 0.7):
        await api.wait_for(evidence, lambda found: has_reached(found, share), seconds=60)  # noqa: B023
        with redis.Redis.from_url(intake.redis.url) as client:
            client.flushall()
    found = await api.wait(evidence, seconds=120)
    assert found["state"] == "ready", found
    assert_each_step_happened_once(intake, evidence)
    await assert_correct(api, found, tmp_path)
    await assert_nothing_left(intake, evidence)


async def test_evidence_that_ends_meanwhile_has_its_encodes_stopped_within_two_seconds(
    intake: Intake, api: Api, film: bytes
) -> None:
    took: list[float] = []
    # A busy machine may be late once or twice.
    while len(took) < 3 and min(took, default=2) >= 2:
        evidence = await api.send(film, "dance.mp4")
        await api.wait_for(evidence, lambda found: has_reached(found, 0.3), seconds=60)
        await asyncio.to_thread(wait_until, lambda: len(encoders(intake)) == 2, 20)
        withdraw(intake, evidence)
        began = time.monotonic()
        await asyncio.to_thread(wait_until, lambda: not encoders(intake), 5)
        took.append(time.monotonic() - began)
        await assert_nothing_left(intake, evidence)
        assert (await api.evidence(evidence))["state"] == "withdrawn"
    assert min(took) < 2


async def test_deploys_in_the_middle_count_nothing(intake: Intake, api: Api, film: bytes) -> None:
    evidence = await api.send(film, "dance.mp4")
    for share in (0.2, 0.5):
        await api.wait_for(evidence, lambda found: has_reached(found, share), seconds=60)  # noqa: B023
        for worker in intake.workers:
            worker.send_signal(signal.SIGTERM)
        for worker in intake.workers:
            await asyncio.to_thread(worker.wait, 15)
        intake.workers.clear()
        start_workers(intake)
    found = await api.wait(evidence, seconds=120)
    assert found["state"] == "ready"
    assert [stage["attempts"] for stage in found["stages"]] == [1, 1, 1, 1]


def start_workers(intake: Intake) -> None:
    """Start what is missing of two workers, each on a processor of its own where there are two."""
    before = os.sched_getaffinity(0)
    processors = sorted(before)
    taken = [processor for worker in intake.workers for processor in os.sched_getaffinity(worker.pid)]
    try:
        while len(intake.workers) < 2:
            free = [processor for processor in processors if processor not in taken] or processors
            os.sched_setaffinity(0, free[:1])
            taken += free[:1]
            intake.start_worker(*QUEUES)
    finally:
        os.sched_setaffinity(0, before)


def transcode_of(found: Json) -> Json:
    (stage,) = (stage for stage in found["stages"] if stage["name"] == "transcode")
    assert isinstance(stage, dict)
    return stage


def has_reached(found: Json, share: float) -> bool:
    stage = transcode_of(found)
    assert stage["state"] != "done", "the stage ended before it could be caught; the sample is too small"
    return bool(stage["state"] == "running" and stage["progress"] >= share)


async def assert_correct(api: Api, found: Json, folder: Path) -> list[str]:
    """Download the rendition and look at every frame; return their hashes."""
    kinds = Counter(rendition["kind"] for rendition in found["renditions"])
    assert set(kinds.values()) == {1}
    assert {"poster", "video"} <= set(kinds)
    copy = folder / "copy.mp4"
    status, data, _ = await api.download(f"/v1/evidence/{found['id']}/renditions/video")
    assert status == 200
    copy.write_bytes(data)
    said = await ask("ffmpeg", "-v", "error", "-i", copy, "-map", "0:v", "-f", "framemd5", "-")
    lines = [line.split(",") for line in said.splitlines() if not line.startswith("#")]
    ticks = [int(line[1]) for line in lines]
    assert len(ticks) == SECONDS * RATE
    assert {after - before for before, after in pairwise(ticks)} == {ticks[1] - ticks[0]}
    said = await ask("ffprobe", "-v", "error", "-show_entries", "stream=duration", "-of", "csv=p=0", copy)
    assert [float(line) for line in said.split()] == pytest.approx([SECONDS, SECONDS], abs=0.05)
    return [line[-1].strip() for line in lines]


async def ask(*argv: object) -> str:
    """Return what a tool says; it may not complain."""

    def run() -> str:
        done = subprocess.run(list(map(str, argv)), check=True, capture_output=True, text=True, timeout=120)
        assert done.stderr == ""
        return done.stdout

    return await asyncio.to_thread(run)


async def assert_nothing_left(intake: Intake, evidence: str) -> None:
    """No process, no scratch, no segment, no job."""

    def nothing() -> bool:
        kept = [name for name in intake.kept(evidence) if name.startswith("segments/")]
        its_own = f"WHERE evidence_id = '{id_of(evidence)}'"
        jobs = intake.select(f"SELECT id FROM outbox {its_own}")
        segments = intake.select(f"SELECT number FROM segment {its_own}")
        works = [work for place in intake.worker_places for work in (place.folder / "scratch").glob("work-*")]
        scratch = [work for work in works if any(work.glob("*.mp4"))]
        return not (kept or jobs or segments or scratch or encoders(intake))

    await asyncio.to_thread(wait_until, nothing, 20)


def encoders(intake: Intake) -> list[str]:
    """Command lines of ffmpeg processes that work for this deployment."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(intake.folder) in line and "libx264" in line:
            found.append(line)
    return [line for line in found if line.startswith(("bwrap", "ffmpeg"))]


def withdraw(intake: Intake, evidence: str) -> None:
    """Have the evidence end as another part of the product would, in a process of its own."""
    intake.run("tests.end_to_end.withdrawal", id_of(evidence))


def encoded_segments(intake: Intake, evidence: str) -> list[tuple[str, str]]:
    """Who encoded it, and the note about it, of every segment that was finished."""
    chosen = f"WHERE evidence_id = '{id_of(evidence)}' AND kind = 'segment_encoded'"
    return intake.select(f"SELECT actor, CAST(note AS TEXT) FROM audit_event {chosen}")
