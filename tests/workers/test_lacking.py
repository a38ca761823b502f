"""Workers say which tools they lack, for as long as they live and lack them."""

from collections.abc import Mapping

import pytest

from config.settings import Settings
from tests.services.api import until
from transcode import optional
from workers import lacking
from workers.heartbeat import Heartbeat, open_heartbeat
from workers.lacking import lacking_on
from workers.queue import JobQueue

NONE: Mapping[str, Mapping[str, int]] = {"scan": {}, "verify": {}, "video": {}, "image": {}}


def join(heartbeat: Heartbeat, queue: str, *tools: str) -> None:
    heartbeat.join(queue, 1, lambda *_: None, lambda: tools)


async def until_told(queue: JobQueue, **wanted: Mapping[str, int]) -> None:
    async def told() -> bool:
        return await queue.lacking() == {**NONE, **wanted}

    await until(told)


async def test_each_tool_is_told_with_the_number_of_workers_without_it(
    queue: JobQueue, queue_settings: Settings
) -> None:
    with open_heartbeat(queue_settings) as first, open_heartbeat(queue_settings) as second:
        join(first, "image", "libreoffice", "libwmf")
        join(second, "image", "libreoffice")
        join(second, "video")
        await until_told(queue, image={"libreoffice": 2, "libwmf": 1})


async def test_what_is_installed_while_the_worker_runs_is_no_longer_told(
    queue: JobQueue, queue_settings: Settings
) -> None:
    tools = ["libreoffice", "libwmf"]
    with open_heartbeat(queue_settings) as heartbeat:
        heartbeat.join("image", 1, lambda *_: None, lambda: tools)
        await until_told(queue, image={"libreoffice": 1, "libwmf": 1})
        tools.remove("libreoffice")
        await until_told(queue, image={"libwmf": 1})


async def test_a_worker_that_is_gone_lacks_nothing(queue: JobQueue, queue_settings: Settings) -> None:
    with open_heartbeat(queue_settings) as heartbeat:
        join(heartbeat, "image", "libreoffice")
        await until_told(queue, image={"libreoffice": 1})
    await until_told(queue)


def test_a_queue_lacks_only_what_its_work_would_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lacking.optional, "lacking", lambda: (optional.SANDBOX, *optional.PROGRAMS))
    assert lacking_on("scan") == ()
    assert lacking_on("verify") == lacking_on("video") == ("bubblewrap",)
    assert lacking_on("image") == ("bubblewrap", "libreoffice", "libwmf", "mdbtools")
