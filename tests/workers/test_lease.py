"""Workers in real processes, and what is done to them."""

import asyncio
import signal
import time
from itertools import pairwise

import pytest
import redis

from tests.workers.journal import Crew, end, poll
from workers.claims import Claims
from workers.connection import connect
from workers.heartbeat import open_heartbeat


@pytest.fixture
def crew(queue_settings, tmp_path):
    crew = Crew(queue_settings, tmp_path)
    yield crew
    crew.dismiss()


async def test_a_killed_workers_job_runs_again_within_its_lease_and_two_seconds(
    queue, make_job, crew, queue_settings
):
    first = crew.hire("doze", 60)
    await queue.push([make_job()])
    poll(lambda: crew.lines("start"))
    crew.hire("doze", 0.1)
    poll(lambda: _workers(queue_settings) == 2)
    first.kill()
    assert poll(lambda: crew.lines("done")) < queue_settings.lease_seconds + 2
    assert [line.deliveries for line in crew.lines("start")] == [0, 1]


async def test_a_job_longer_than_many_leases_runs_once_although_its_event_loop_is_blocked(
    queue, make_job, crew
):
    for _ in range(2):
        crew.hire("block", 5)
    await queue.push([make_job()])
    poll(lambda: crew.lines("done"))
    assert len(crew.lines("start")) == 1


async def test_a_stopped_worker_finds_out_that_it_lost_its_job(queue, make_job, crew):
    first = crew.hire("doze", 30)
    await queue.push([make_job()])
    poll(lambda: crew.lines("start"))
    crew.hire("doze", 30)
    first.send_signal(signal.SIGSTOP)
    poll(lambda: len(crew.lines("start")) == 2)
    first.send_signal(signal.SIGCONT)
    poll(lambda: crew.lines("cut"))
    assert crew.lines("cut")[0].pid == first.pid
    assert (await queue.running())[0].job_id == "e1:scan:1"


async def test_ten_deploys_lose_nothing_and_count_nothing(queue, make_job, crew):
    await queue.push([make_job()])
    for deploy in range(1, 11):
        worker = crew.hire("doze", 60)
        poll(lambda deploy=deploy: len(crew.lines("start")) == deploy)
        end(worker)
    crew.hire("doze", 0.1)
    poll(lambda: crew.lines("done"))
    assert {line.deliveries for line in crew.lines()} == {0}


async def test_a_draining_worker_lets_short_jobs_end(queue, make_job, crew):
    worker = crew.hire("doze", 0.15)
    await queue.push([make_job()])
    poll(lambda: crew.lines("start"))
    end(worker)
    assert len(crew.lines("done")) == 1
    assert not crew.lines("cut")


async def test_a_draining_worker_ends_although_redis_is_down(queue, make_job, crew, redis_server):
    worker = crew.hire("doze", 60)
    await queue.push([make_job()])
    poll(lambda: crew.lines("start"))
    redis_server.kill()
    began = time.monotonic()
    end(worker)
    assert time.monotonic() - began < 5


async def test_workers_outlive_redis_and_their_jobs_run_once(
    queue, make_job, crew, redis_server, queue_settings
):
    workers = [crew.hire("doze", 5) for _ in range(2)]
    await queue.push([make_job("e1"), make_job("e2")])
    poll(lambda: len(crew.lines("start")) == 2)
    poll(lambda: _has_written(redis_server))
    redis_server.kill()
    await asyncio.sleep(queue_settings.lease_seconds + 0.5)
    redis_server.start()
    poll(lambda: len(crew.lines("done")) == 2)
    await queue.push([make_job("e3")])
    poll(lambda: len(crew.lines("done")) == 3)
    assert len(crew.lines("start")) == 3
    assert [worker.poll() for worker in workers] == [None, None]


async def test_a_worker_started_while_redis_is_down_waits_for_it(queue, make_job, crew, redis_server):
    redis_server.kill()
    crew.hire("doze", 0.1)
    await asyncio.sleep(1)
    redis_server.start()
    await queue.push([make_job()])
    poll(lambda: crew.lines("done"))


async def test_wiping_redis_while_a_job_runs_neither_stops_nor_doubles_it(
    queue, make_job, crew, redis_server
):
    worker = crew.hire("doze", 3)
    await queue.push([make_job()])
    poll(lambda: crew.lines("start"))
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    await queue.push([make_job()])
    poll(lambda: crew.lines("done"))
    poll(lambda: _known(redis_server) == 0)
    assert len(crew.lines("start")) == 1
    assert worker.poll() is None


async def test_a_wiped_job_that_waits_again_is_its_runners_until_somebody_claims_it(
    queue, make_job, queue_settings, redis_server
):
    lost = []
    async with connect(queue_settings) as client:
        claims = Claims(client, "scan", "w1", queue_settings)
        with open_heartbeat(queue_settings) as heartbeat:
            heartbeat.join("scan", 2, lambda *claim: lost.append(claim))
            await queue.push([make_job()])
            (claim,) = await claims.take(1, (), sweep=False)
            heartbeat.hold("scan", claim.job_id, claim.owner)
            await client.flushall()
            await queue.push([make_job()])
            await asyncio.sleep(queue_settings.lease_seconds)
            assert lost == []
            other = Claims(client, "scan", "w2", queue_settings)
            await other.take(1, (), sweep=False)
            poll(lambda: lost)
            assert set(lost) == {(claim.job_id, claim.owner)}  # each beat may say it again


async def test_a_wiped_job_that_its_own_worker_claims_again_is_never_lost(
    queue, make_job, queue_settings, redis_server
):
    lost = []
    async with connect(queue_settings) as client:
        with open_heartbeat(queue_settings) as heartbeat:
            claims = Claims(client, "scan", heartbeat.worker, queue_settings)
            heartbeat.join("scan", 2, lambda *claim: lost.append(claim))
            await queue.push([make_job()])
            (claim,) = await claims.take(1, (), sweep=False)
            heartbeat.hold("scan", claim.job_id, claim.owner)
            await client.flushall()
            await queue.push([make_job()])
            assert len(await claims.take(1, (), sweep=False)) == 1
            await asyncio.sleep(queue_settings.lease_seconds)
            assert lost == []


async def test_finishing_a_job_that_was_wiped_is_no_error(queue, make_job, crew, redis_server):
    worker = crew.hire("doze", 1)
    await queue.push([make_job()])
    poll(lambda: crew.lines("start"))
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    poll(lambda: crew.lines("done"))
    await queue.push([make_job("e2")])
    poll(lambda: len(crew.lines("done")) == 2)
    assert worker.poll() is None


async def test_a_job_that_kills_its_workers_is_put_off_a_little_longer_each_time(
    queue, make_job, crew, queue_settings
):
    workers = {worker.pid: worker for worker in (crew.hire("die", 0) for _ in range(4))}
    poll(lambda: _workers(queue_settings) == 4, 30)
    await queue.push([make_job()])
    claimed = []
    for death in range(4):
        poll(lambda death=death: len(crew.lines("start")) > death)
        claimed.append(_claimed(queue_settings, "e1:scan:1"))
        workers[crew.lines("start")[death].pid].wait(5)
    gaps = [after - before for before, after in pairwise(claimed)]
    assert [line.deliveries for line in crew.lines("start")] == [0, 1, 2, 3]
    # A lease, then a pause of 0, 1 and 2 s, then until another worker looks.
    assert all(1.5 + pause <= gap < 5.5 + pause for gap, pause in zip(gaps, (0, 1, 2), strict=True))


async def test_two_workers_started_at_once_share_jobs_without_doubling_any(
    queue, make_job, crew, queue_settings
):
    for _ in range(2):
        crew.hire("doze", 0.001, slots=10)
    poll(lambda: _workers(queue_settings) == 2 == _listeners(queue_settings), 30)
    jobs = [make_job(f"e{number}", centre=f"c{number % 7}") for number in range(500)]
    await queue.push(jobs)
    poll(lambda: len(crew.lines("done")) >= 500, 60)
    assert len({line.job_id for line in crew.lines("start")}) == len(crew.lines("start")) == 500
    assert len({line.pid for line in crew.lines("start")}) == 2


def _has_written(redis_server) -> bool:
    """Say whether all that Redis knows is in its file."""
    with redis.Redis.from_url(redis_server.url) as client:
        return client.info("persistence")["aof_buffer_length"] == 0


def _known(redis_server) -> int:
    with redis.Redis.from_url(redis_server.url) as client:
        return len(client.keys("intake:job:*"))


def _workers(settings) -> int:
    with redis.Redis.from_url(settings.redis_url) as client:
        return client.zcard("intake:queue:scan:workers")


def _listeners(settings) -> int:
    """Return how many workers the doorbell wakes."""
    with redis.Redis.from_url(settings.redis_url) as client:
        return client.pubsub_numsub("intake:queue:scan:doorbell")[0][1]


def _claimed(settings, job_id: str) -> float:
    """Return when the job was last claimed, by the clock of Redis, in seconds."""
    with redis.Redis.from_url(settings.redis_url) as client:
        return int(client.hget(f"intake:job:{job_id}", "claimed")) / 1000
