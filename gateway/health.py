"""Is the process alive, and can it take evidence now?"""

import asyncio

from aiohttp import web

from gateway import answers
from gateway.keys import HOLDERS, SERVICES
from storage.errors import StorageError
from workers.queue import QueueUnavailable

_LOOK_SECONDS = 3.0


async def livez(_: web.Request) -> web.Response:
    """`GET /livez`: the process answers; nothing else is asked, so that no outage restarts it."""
    body: answers.Alive = {"status": "alive"}
    return web.json_response(body)


async def readyz(request: web.Request) -> web.Response:
    """`GET /readyz`: 200 while uploads can be taken. Without Redis they can: the outbox holds the jobs."""
    if request.app[HOLDERS].stopping:
        stopping: answers.Stopping = {"status": "stopping"}
        return web.json_response(stopping, status=503)
    records, lacking, store = await asyncio.gather(
        _records_answer(request), _lacking(request), request.app[SERVICES].look.answers_yes()
    )
    takes, redis = records and store, lacking is not None
    body: answers.Readiness = {
        "status": "ready" if takes and redis else "degraded" if takes else "unavailable",
        "records": records,
        "redis": redis,
        "store": store,
        "lacking": lacking,
    }
    return web.json_response(body, status=200 if takes else 503)


async def _records_answer(request: web.Request) -> bool:
    try:
        async with asyncio.timeout(_LOOK_SECONDS):
            await request.app[SERVICES].outbox.count_and_oldest()
    except (StorageError, TimeoutError, OSError):
        return False
    return True


async def _lacking(request: web.Request) -> list[str] | None:
    """Return the tools that workers lack; `None` while Redis does not answer."""
    try:
        lacking = await request.app[SERVICES].queue.lacking()
    except QueueUnavailable:
        return None
    return sorted({tool for tools in lacking.values() for tool in tools})
