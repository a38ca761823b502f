"""Is the process alive, and can it do its work now?"""

import asyncio

from aiohttp import web

from gateway import answers
from gateway.keys import HOLDERS, SERVICES
from storage.errors import StorageError, StorageFull
from workers.queue import QueueUnavailable

_LOOK_SECONDS = 3.0


async def livez(_: web.Request) -> web.Response:
    """`GET /livez`: the process answers; nothing else is asked, so that no outage restarts it."""
    body: answers.Alive = {"status": "alive"}
    return web.json_response(body)


async def readyz(request: web.Request) -> web.Response:
    """`GET /readyz`: 200 while requests can be served.

    Without Redis they can: the outbox holds the jobs. Without room new bytes get 507 and all else goes on.
    """
    if request.app[HOLDERS].stopping:
        stopping: answers.Stopping = {"status": "stopping"}
        return web.json_response(stopping, status=503)
    records, lacking, wrong = await asyncio.gather(
        _records_answer(request), _lacking(request), request.app[SERVICES].look.answer()
    )
    has_room, redis = wrong is None, lacking is not None
    store = has_room or isinstance(wrong, StorageFull)
    serves = records and store
    body: answers.Readiness = {
        "status": "ready" if serves and has_room and redis else "degraded" if serves else "unavailable",
        "records": records,
        "redis": redis,
        "store": store,
        "room": has_room,
        "lacking": lacking,
    }
    return web.json_response(body, status=200 if serves else 503)


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
