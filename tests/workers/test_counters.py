"""What processes count is added up: nothing twice, and nothing lost while Redis is away."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from redis.asyncio import Redis

from config.settings import Settings
from tests.services.api import until
from tests.services.redis import RedisServer
from workers.connection import connect
from workers.counters import SUM, Counter, Counters, Histogram
from workers.keys import Keys
from workers.queue import JobQueue, QueueUnavailable, open_queue

DOORS = Counter("doors", "Doors", ("colour",))
BYTES = Counter("bytes", "Bytes")
SECONDS = Histogram("seconds", "Time", ("door",), (0.1, 1))


async def test_what_several_processes_count_is_added_up(queue: JobQueue, queue_settings: Settings) -> None:
    async with open_queue(queue_settings) as other:
        for counters in (queue.counters, other.counters):
            counters.add(DOORS, "red")
            counters.add(DOORS, "blue", amount=2)
        await other.counters.send()
        assert await queue.counters.totals() == {("doors", "red"): 2, ("doors", "blue"): 4}
    queue.counters.add(DOORS, "red")
    assert (await queue.counters.totals())["doors", "red"] == 3


async def test_what_was_counted_is_sent_by_itself_and_at_the_end(
    queue: JobQueue, queue_settings: Settings
) -> None:
    async def red(count: int) -> bool:
        return (await queue.counters.totals()).get(("doors", "red")) == count

    async with open_queue(queue_settings) as other:
        other.counters.add(DOORS, "red")
        await until(lambda: red(1))
        other.counters.add(DOORS, "red")
    assert await red(2)


async def test_durations_fall_into_the_first_bucket_that_holds_them(queue: JobQueue) -> None:
    for seconds in (0.05, 0.1, 0.5, 7):
        queue.counters.observe(SECONDS, "front", seconds=seconds)
    front = ("seconds", "front")
    totals = await queue.counters.totals()
    assert totals.pop((*front, SUM)) == pytest.approx(7.65)
    assert totals == {(*front, "0"): 2, (*front, "1"): 1, (*front, "2"): 1}


async def test_petabytes_are_counted_to_the_byte(queue: JobQueue) -> None:
    queue.counters.add(BYTES, amount=4 * 10**15)
    await queue.counters.send()
    queue.counters.add(BYTES, amount=1)
    assert await queue.counters.totals() == {("bytes",): 4 * 10**15 + 1}


async def test_while_redis_is_away_the_numbers_wait(queue: JobQueue, redis_server: RedisServer) -> None:
    redis_server.kill()
    queue.counters.add(DOORS, "red")
    with pytest.raises(QueueUnavailable):
        await queue.counters.totals()
    queue.counters.add(DOORS, "red")
    redis_server.start()
    assert await queue.counters.totals() == {("doors", "red"): 2}


async def test_after_a_wipe_it_counts_on_from_nothing(queue: JobQueue, queue_settings: Settings) -> None:
    queue.counters.add(DOORS, "red", amount=5)
    await queue.counters.send()
    async with connect(queue_settings) as client:
        await client.flushall()
    queue.counters.add(DOORS, "red")
    assert await queue.counters.totals() == {("doors", "red"): 1}


class LosesAnswers:
    """A client whose scripts run, but of which the first answer is lost."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._lost = False

    def register_script(self, text: str) -> Callable[..., Awaitable[object]]:
        script = self._client.register_script(text)

        async def run(keys: list[str], args: list[Any]) -> object:
            answer = await script(keys, args)
            if not self._lost:
                self._lost = True
                raise ConnectionError("the answer was lost")
            return answer

        return run

    async def hgetall(self, key: str) -> Mapping[bytes, bytes]:
        return await self._client.hgetall(key)


async def test_a_batch_whose_answer_was_lost_is_counted_once(
    redis_server: RedisServer, queue_settings: Settings
) -> None:
    async with connect(queue_settings) as client:
        counters = Counters(LosesAnswers(client), Keys("x"))
        counters.add(DOORS, "red")
        with pytest.raises(QueueUnavailable):
            await counters.send()
        counters.add(DOORS, "blue")
        assert await counters.totals() == {("doors", "red"): 1, ("doors", "blue"): 1}
