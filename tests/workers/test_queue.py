"""The enqueuing half, over a real Redis."""

import asyncio
import json
import signal
import time
from typing import Any

import pytest
import redis
import redis.asyncio

from config.settings import Settings
from storage.states import StageName
from tests.workers.journal import poll
from workers.claims import Claim, Claims
from workers.connection import LIMIT_SECONDS, connect
from workers.queue import JobQueue, QueueUnavailable, open_queue


@pytest.fixture
async def claims(queue_settings):
    async with connect(queue_settings) as client:
        yield Claims(client, "scan", "w1", queue_settings)


async def take(claims: Claims, slots: int = 100) -> list[str]:
    return [claim.job_id for claim in await claims.take(slots, (), sweep=True)]


async def scan_depth(queue: JobQueue):
    return next(depth for depth in await queue.depths() if depth.name == "scan")


async def test_a_job_pushed_twice_is_there_once(queue, make_job):
    await queue.push([make_job(), make_job()])
    await queue.push([make_job()])
    assert (await scan_depth(queue)).ready == 1


async def test_a_job_that_runs_is_left_as_it_is(queue, claims, make_job):
    await queue.push([make_job()])
    assert await take(claims) == ["e1:scan:1"]
    await queue.push([make_job()])
    assert await take(claims) == []


async def test_a_delayed_job_is_left_as_it_is(queue, claims, make_job):
    await queue.push([make_job(delay=60)])
    await queue.push([make_job()])
    depth = await scan_depth(queue)
    assert (depth.ready, depth.delayed, depth.leased) == (0, 1, 0)


async def test_a_finished_job_may_be_pushed_again(queue, claims, make_job):
    await queue.push([make_job()])
    (claim,) = await claims.take(1, (), sweep=True)
    await claims.finish(claim.job_id, claim.owner)
    await queue.push([make_job()])
    assert await take(claims) == ["e1:scan:1"]


async def test_a_delayed_job_runs_when_it_is_due_and_not_before(queue, claims, make_job):
    await queue.push([make_job(delay=1.5)])
    assert await take(claims) == []
    await asyncio.sleep(1.6)
    assert await take(claims) == ["e1:scan:1"]


async def test_only_the_owner_may_end_a_run(queue, claims, make_job):
    await queue.push([make_job()])
    await take(claims)
    await claims.finish("e1:scan:1", "somebody else")
    await claims.put_back("e1:scan:1", "somebody else", 0)
    assert (await scan_depth(queue)).leased == 1


async def test_ending_a_job_that_nobody_knows_is_no_error(claims):
    await claims.finish("e9:scan:1", "w1|x")
    await claims.put_back("e9:scan:1", "w1|x", 1)


async def test_finishing_leaves_no_key_but_the_clock(queue, claims, make_job, redis_server):
    await queue.push([make_job(f"e{number}", centre=f"c{number % 3}") for number in range(9)])
    for claim in await claims.take(9, (), sweep=True):
        await queue.report(claim.job_id.split(":")[0], StageName.SCAN, 0.5, 1)
        await claims.finish(claim.job_id, claim.owner)
    with redis.Redis.from_url(redis_server.url) as client:
        assert client.keys() == [b"intake:queue:scan:clock"]


async def test_no_job_ever_expires(queue, make_job, redis_server):
    await queue.push([make_job(), make_job("e2", delay=1e6)])
    with redis.Redis.from_url(redis_server.url) as client:
        assert {client.ttl(key) for key in client.scan_iter()} == {-1}


async def test_missing_are_those_that_redis_does_not_know(queue, claims, make_job):
    waiting, running, unknown = make_job("e1"), make_job("e2"), make_job("e3")
    await queue.push([waiting, running])
    await take(claims, 1)
    assert await queue.missing([waiting, unknown, running]) == (unknown,)
    assert await queue.missing([]) == ()


async def test_a_centre_with_ten_thousand_jobs_does_not_delay_another_one(queue, claims, make_job):
    await queue.push([make_job(f"a{number:05}", centre="big") for number in range(10_000)])
    assert len(await take(claims, 50)) == 50
    await queue.push([make_job(f"b{number}", centre="small") for number in range(10)])
    order = await take(claims, 40)
    assert max(place for place, job_id in enumerate(order) if job_id.startswith("b")) <= 20


async def test_a_big_centre_whose_jobs_all_fall_due_at_once_does_not_delay_another_one(
    queue, claims, make_job
):
    await queue.push([make_job(f"a{number:04}", centre="big", delay=0.2) for number in range(1_000)])
    await asyncio.sleep(0.3)
    await queue.push([make_job("b1", centre="small")])
    assert "b1:scan:1" in await take(claims, 3)


async def test_every_centre_is_served_once_a_round(queue, claims, make_job):
    await queue.push(
        [make_job(f"{centre}{number}", centre=centre) for centre in "abcde" for number in range(4)]
    )
    rounds = [await take(claims, 5) for _ in range(4)]
    assert all(sorted(job_id[0] for job_id in served) == list("abcde") for served in rounds)


async def test_a_centre_is_served_in_the_order_in_which_it_pushed(queue, claims, make_job):
    for name in ("z", "m", "a"):
        await queue.push([make_job(name)])
        await asyncio.sleep(0.003)
    assert [job_id[0] for job_id in await take(claims)] == ["z", "m", "a"]


async def test_depths_count_each_state_and_the_age_of_the_oldest_ready_job(queue, claims, make_job):
    await queue.push(
        [make_job("e1"), make_job("e2"), make_job("e3", delay=60), make_job("e4", queue="video")]
    )
    await take(claims, 1)
    await asyncio.sleep(0.2)
    await queue.push([make_job("e5")])
    scan, verify, video, image = await queue.depths({"scan": 7})
    assert (scan.ready, scan.delayed, scan.leased, scan.dead) == (2, 1, 1, 7)
    assert 0.2 <= scan.oldest_age_seconds < 5
    assert (video.ready, verify.ready, image.ready) == (1, 0, 0)
    assert verify.oldest_age_seconds == 0


async def test_depths_of_twenty_thousand_jobs_are_told_at_once(queue, make_job):
    jobs = [make_job(f"e{number}", centre=f"c{number % 50}") for number in range(20_000)]
    await queue.push(jobs)
    began = time.perf_counter()
    await queue.depths()
    assert time.perf_counter() - began < 1


async def test_only_the_run_after_a_worker_that_vanished_is_told_so(queue, claims, make_job):
    await queue.push([make_job()])
    (first,) = await claims.take(1, (), sweep=True)
    found: list[Claim] = []
    while not found:
        found += await claims.take(1, (), sweep=True)
    second = found[0]
    await claims.put_back(second.job_id, second.owner, 0)
    (third,) = await claims.take(1, (), sweep=True)
    assert [claim.redelivered for claim in (first, second, third)] == [False, True, False]
    assert [claim.deliveries for claim in (first, second, third)] == [0, 1, 1]


async def test_progress_never_goes_back_within_an_attempt(queue, claims, make_job):
    await queue.push([make_job()])
    assert await queue.progress("e1") == {}
    await take(claims)
    for reported in (0.1, 0.6, 0.4):
        await queue.report("e1", StageName.SCAN, reported, 12.5)
    ((stage, progress),) = (await queue.progress("e1")).items()
    assert (stage, progress.progress, progress.eta_seconds) == (StageName.SCAN, 0.6, 12.5)
    assert abs(progress.started_at.timestamp() - time.time()) < 5


async def test_progress_of_a_job_put_back_is_shown_again_when_it_runs_again(queue, claims, make_job):
    await queue.push([make_job()])
    (claim,) = await claims.take(1, (), sweep=True)
    await queue.report("e1", StageName.SCAN, 0.5, None)
    await claims.put_back(claim.job_id, claim.owner, 0)
    assert await queue.progress("e1") == {}
    await take(claims)
    await queue.report("e1", StageName.SCAN, 0.2, None)
    assert (await queue.progress("e1"))[StageName.SCAN].progress == 0.5


async def test_the_next_attempt_starts_at_nothing(queue, claims, make_job):
    await queue.push([make_job()])
    (first,) = await claims.take(1, (), sweep=True)
    await queue.report("e1", StageName.SCAN, 0.9, None)
    await queue.push([make_job(attempt=2)])
    await claims.finish(first.job_id, first.owner)
    await take(claims)
    assert (await queue.progress("e1"))[StageName.SCAN].progress == 0


async def test_a_report_on_an_unknown_job_is_dropped(queue):
    await queue.report("e9", StageName.SCAN, 0.5, None)
    assert await queue.progress("e9") == {}


async def test_progress_is_told_to_whoever_listens(queue, claims, make_job, queue_settings):
    await queue.push([make_job()])
    await take(claims)
    async with connect(queue_settings) as client, client.pubsub() as events:
        await events.subscribe("intake:events")
        assert (await hear(events))["type"] == "subscribe"
        await queue.report("e1", StageName.SCAN, 0.25, None)
        message = await hear(events)
    assert json.loads(message["data"]) == {
        "centre_id": "c1",
        "evidence_id": "e1",
        "stage": "scan",
        "progress": 0.25,
        "eta_seconds": None,
    }


async def hear(events: redis.asyncio.client.PubSub) -> dict[str, Any]:
    async with asyncio.timeout(10):
        while (message := await events.get_message(timeout=1)) is None:
            pass
    return message


async def test_running_says_who_runs_what_and_for_how_long(queue, claims, make_job):
    await queue.push([make_job()])
    await take(claims)
    (job,) = await queue.running()
    assert (job.job_id, job.queue, job.worker) == ("e1:scan:1", "scan", "w1")
    assert 0 <= job.seconds < 5


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 10_000, "naïve \u202e \u2603", "a:b|c"])
async def test_hostile_ids_stay_what_they_are(queue, claims, make_job, name):
    await queue.push([make_job("e1", centre=name), make_job(name or "e2", centre="c")])
    assert sorted(await take(claims)) == sorted(["e1:scan:1", f"{name or 'e2'}:scan:1"])


async def test_pushing_while_redis_is_down_raises_soon(queue, make_job, redis_server):
    await queue.push([make_job()])
    redis_server.kill()
    began = time.monotonic()
    with pytest.raises(QueueUnavailable):
        await queue.push([make_job("e2")])
    with pytest.raises(QueueUnavailable):
        await queue.depths()
    await queue.report("e1", StageName.SCAN, 0.5, None)
    assert time.monotonic() - began < LIMIT_SECONDS
    redis_server.start()
    await queue.push([make_job("e2")])


async def test_pushing_while_redis_hangs_raises_within_two_seconds(queue, make_job, redis_server):
    await queue.lacking()
    redis_server.process.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    try:
        with pytest.raises(QueueUnavailable):
            await queue.push([make_job()])
        assert time.monotonic() - began < LIMIT_SECONDS + 1.5
    finally:
        redis_server.process.send_signal(signal.SIGCONT)
    await queue.push([make_job()])


async def test_pushing_to_a_full_redis_raises(queue, make_job, redis_server):
    with redis.Redis.from_url(redis_server.url) as client:
        client.config_set("maxmemory", 1)
        try:
            with pytest.raises(QueueUnavailable):
                await queue.push([make_job()])
        finally:
            client.config_set("maxmemory", 0)


async def test_a_restart_of_redis_loses_no_job(queue, claims, make_job, redis_server):
    await queue.push([make_job()])
    with redis.Redis.from_url(redis_server.url) as client:
        poll(lambda: client.info("persistence")["aof_buffer_length"] == 0)
    redis_server.kill()
    redis_server.start()
    assert await take(claims) == ["e1:scan:1"]


async def test_two_deployments_on_one_redis_do_not_meet(queue, make_job, queue_settings):
    other = Settings(**queue_settings.model_dump() | {"redis_prefix": "other"})
    await queue.push([make_job()])
    async with open_queue(other) as theirs:
        assert (await scan_depth(theirs)).ready == 0
        assert len(await theirs.missing([make_job()])) == 1
