"""What a worker does with what tasks do, in this process."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest
import redis
from arq.typing import WorkerCoroutine

from config.settings import Settings
from storage.states import StageName
from workers.claims import ALONE_AFTER_DELIVERIES
from workers.errors import Postpone
from workers.heartbeat import open_heartbeat
from workers.lease import LeaseWorker
from workers.room import Room


@asynccontextmanager
async def working(
    settings: Settings,
    functions: Mapping[str, WorkerCoroutine],
    slots: int = 10,
    queues: tuple[str, ...] = ("scan",),
) -> AsyncIterator[list[LeaseWorker]]:
    """Run a worker for each queue, as one process does, and drain them in the end."""
    with open_heartbeat(settings) as heartbeat:
        room = Room()
        workers = [
            LeaseWorker(name, functions, slots, settings, heartbeat, room, {"tool": "t"}) for name in queues
        ]
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            for worker in workers:
                group.create_task(worker.run())
            try:
                yield workers
            finally:
                for worker in workers:
                    worker.drain()


async def until(answers, seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not answers():  # noqa: ASYNC110  what is asked has no event
            await asyncio.sleep(0.005)


async def depth(queue):
    return (await queue.depths())[0]


async def until_delayed(queue) -> None:
    async with asyncio.timeout(10):
        while (await depth(queue)).delayed != 1:  # noqa: ASYNC110  only Redis knows
            await asyncio.sleep(0.02)


async def test_a_task_gets_its_arguments_and_its_context(queue, make_job, queue_settings):
    seen = []

    async def scan(ctx, *args):
        seen.append((ctx["tool"], ctx["job_id"], ctx["deliveries"], args))

    async with working(queue_settings, {"scan": scan}):
        await queue.push([make_job("e1", centre="c1", attempt=3)])
        await until(lambda: seen)
    assert seen == [("t", "e1:scan:3", 0, ("e1", "scan", 3, "c1"))]


async def test_a_postponed_job_runs_again_after_its_delay_and_is_not_counted(queue, make_job, queue_settings):
    runs = []

    async def scan(ctx, *_):
        runs.append((time.monotonic(), ctx["deliveries"]))
        if len(runs) == 1:
            raise Postpone(0.3)

    async with working(queue_settings, {"scan": scan}):
        await queue.push([make_job()])
        await until(lambda: len(runs) == 2)
    (first, _), (second, deliveries) = runs
    assert 0.3 <= second - first < 1.5
    assert deliveries == 0


@pytest.mark.parametrize("failure", [ValueError("broken"), asyncio.CancelledError()])
async def test_a_task_that_raises_is_put_off_and_never_dropped(queue, make_job, queue_settings, failure):
    runs = []

    async def scan(ctx, *_):
        runs.append(1)
        raise failure

    async with working(queue_settings, {"scan": scan}):
        await queue.push([make_job()])
        await until_delayed(queue)
    assert len(runs) == 1


async def test_a_job_that_no_function_is_for_is_put_off_and_never_dropped(queue, make_job, queue_settings):
    async def verify(ctx, *_): ...

    async with working(queue_settings, {"verify": verify}):
        await queue.push([make_job()])
        await until_delayed(queue)


async def test_a_job_whose_definition_is_garbage_is_put_off_and_stops_nobody(
    queue, make_job, queue_settings, redis_server
):
    seen = []

    async def scan(ctx, *_):
        seen.append(ctx["job_id"])

    await queue.push([make_job("e1"), make_job("e2")])
    with redis.Redis.from_url(redis_server.url) as client:
        client.hset("intake:job:e1:scan:1", "definition", b"\x80\x04garbage")
    async with working(queue_settings, {"scan": scan}):
        await until(lambda: seen)
        await until_delayed(queue)
    assert seen == ["e2:scan:1"]


async def test_no_more_run_than_there_are_slots_and_a_freed_slot_is_filled_at_once(
    queue, make_job, queue_settings
):
    running, most, ends = 0, 0, []

    async def scan(ctx, *_):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1
        ends.append(time.monotonic())

    async with working(queue_settings, {"scan": scan}, slots=4):
        began = time.monotonic()
        await queue.push([make_job(f"e{number}") for number in range(40)])
        await until(lambda: len(ends) == 40)
    assert most == 4
    assert ends[-1] - began < 4, "polling alone would take 5 s"


async def test_a_hundred_and_twenty_running_jobs_do_not_hold_back_the_next(queue, make_job, queue_settings):
    started, gate = [], asyncio.Event()

    async def scan(ctx, *_):
        started.append(ctx["job_id"])
        await gate.wait()

    async with (
        working(queue_settings, {"scan": scan}, slots=120),
        working(queue_settings, {"scan": scan}, slots=5),
    ):
        await queue.push([make_job(f"e{number}") for number in range(120)])
        await until(lambda: len(started) == 120)
        await queue.push([make_job("next")])
        await until(lambda: "next:scan:1" in started)
        assert len(started) == 121
        gate.set()


async def test_a_job_starts_soon_after_it_was_pushed(queue, make_job, queue_settings):
    started = {}

    async def scan(ctx, *_):
        started[ctx["job_id"]] = time.perf_counter()

    waits = []
    async with working(queue_settings, {"scan": scan}):
        await asyncio.sleep(0.2)
        for number in range(60):
            pushed = time.perf_counter()
            await queue.push([make_job(f"e{number}")])
            await until(lambda number=number: f"e{number}:scan:1" in started)
            waits.append(started[f"e{number}:scan:1"] - pushed)
    p50 = statistics.median(waits) * 1000
    print(f"push to start: p50 {p50:.1f} ms, worst {max(waits) * 1000:.1f} ms")
    assert p50 < 250


async def test_jobs_that_do_nothing_go_through_quickly(queue, make_job, queue_settings):
    done = 0

    async def scan(ctx, *_):
        nonlocal done
        done += 1

    await queue.push([make_job(f"e{number}", centre=f"c{number % 9}") for number in range(2_000)])
    began = time.perf_counter()
    async with working(queue_settings, {"scan": scan}, slots=20):
        await until(lambda: done == 2_000, 30)
        took = time.perf_counter() - began
    print(f"{2_000 / took:.0f} jobs that do nothing a second")
    assert 2_000 / took > 150


async def test_after_ten_deliveries_a_job_runs_beside_no_other_of_its_process(
    queue, make_job, queue_settings, redis_server
):
    inside, beside_poison = set(), set()

    async def run(ctx, *_):
        inside.add(ctx["job_id"])
        await asyncio.sleep(0.1)
        if any(job_id.startswith("poison") for job_id in inside):
            beside_poison.update(inside)
        inside.discard(ctx["job_id"])

    jobs = [
        make_job(f"e{number}", queue=queue_name) for number in range(8) for queue_name in ("scan", "verify")
    ]
    poison = [make_job("poison"), make_job("poison", queue="verify")]
    await queue.push([*jobs, *poison])
    with redis.Redis.from_url(redis_server.url) as client:
        for job in poison:
            client.hset(f"intake:job:{job.id}", "deliveries", ALONE_AFTER_DELIVERIES)
    async with working(queue_settings, {"scan": run, "verify": run}, slots=3, queues=("scan", "verify")):
        while sum(d.ready + d.leased for d in await queue.depths()):  # noqa: ASYNC110  only Redis knows
            await asyncio.sleep(0.02)
    assert beside_poison == {"poison:scan:1", "poison:verify:1"}


async def test_workers_of_one_process_are_counted_with_their_slots(queue, queue_settings):
    async def run(ctx, *_): ...

    async with working(queue_settings, {"scan": run}, slots=3, queues=("scan", "video")):
        async with asyncio.timeout(10):
            while sum(d.workers for d in await queue.depths()) < 2:  # noqa: ASYNC110  only Redis knows
                await asyncio.sleep(0.02)
        scan, verify, video, _ = await queue.depths()
    assert [(d.workers, d.slots) for d in (scan, verify, video)] == [(1, 3), (0, 0), (1, 3)]


async def test_a_running_stage_is_shown_before_it_reports(queue, make_job, queue_settings):
    gate = asyncio.Event()

    async def scan(ctx, *_):
        await gate.wait()

    async with working(queue_settings, {"scan": scan}):
        await queue.push([make_job()])
        while not (progress := await queue.progress("e1")):  # noqa: ASYNC110  only Redis knows
            await asyncio.sleep(0.01)
        gate.set()
    assert progress[StageName.SCAN].progress == 0


async def test_a_cancelled_worker_puts_its_jobs_back(queue, make_job, queue_settings):
    started = asyncio.Event()

    async def scan(ctx, *_):
        started.set()
        await asyncio.sleep(60)

    with open_heartbeat(queue_settings) as heartbeat:
        task = asyncio.create_task(
            LeaseWorker("scan", {"scan": scan}, 2, queue_settings, heartbeat, Room(), {}).run()
        )
        await queue.push([make_job()])
        await asyncio.wait_for(started.wait(), 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (await depth(queue)).ready == 1
