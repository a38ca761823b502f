"""The table that `python -m workers status` prints."""

import io

import pytest

from tests.services.api import until
from workers.claims import Claims
from workers.connection import connect
from workers.heartbeat import open_heartbeat
from workers.queue import QueueUnavailable
from workers.status import print_status


async def test_status_shows_every_queue_and_what_runs(queue, make_job, queue_settings):
    await queue.push([make_job("e1"), make_job("e2"), make_job("e3", delay=60)])
    async with connect(queue_settings) as client:
        await Claims(client, "scan", "w1", queue_settings).take(1, (), sweep=True)
    out = io.StringIO()
    await print_status(queue, out)
    lines = out.getvalue().splitlines()
    assert lines[0].split() == ["queue", "ready", "delayed", "running", "oldest", "s", "workers", "slots"]
    assert lines[1].split()[:4] == ["scan", "1", "1", "1"]
    assert [line.split()[0] for line in lines[2:5]] == ["verify", "video", "image"]
    assert lines[-1].endswith("scan    e1:scan:1  on w1")


async def test_status_tells_what_workers_lack(queue, queue_settings):
    with open_heartbeat(queue_settings) as heartbeat:
        heartbeat.join("image", 2, lambda *_: None, lambda: ("libreoffice",))

        async def told() -> bool:
            out = io.StringIO()
            await print_status(queue, out)
            return "\nimage: 1 of 1 workers without libreoffice\n" in out.getvalue()

        await until(told)


async def test_status_of_idle_queues_says_so(queue):
    out = io.StringIO()
    await print_status(queue, out)
    assert out.getvalue().endswith("nothing is running\n")


async def test_status_without_redis_is_an_error(queue, redis_server):
    redis_server.kill()
    with pytest.raises(QueueUnavailable):
        await print_status(queue, io.StringIO())
