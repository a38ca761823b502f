"""Queue depth for operators, as JSON."""

import json
from dataclasses import asdict
from functools import partial

from aiohttp import web

from gateway import answers
from gateway.auth import require_role
from gateway.keys import SERVICES
from gateway.problems import Problem
from storage.records.principals import Role
from workers.pipeline import STEPS
from workers.queue import QueueDepth, QueueUnavailable


async def queues(request: web.Request) -> web.Response:
    """`GET /v1/queues`."""
    require_role(request, Role.OPS)
    body: answers.Queues = {"items": [*await measure_depths(request)]}
    return web.json_response(body, dumps=partial(json.dumps, default=asdict))


async def measure_depths(request: web.Request) -> tuple[QueueDepth, ...]:
    """Return the depth of every queue, failed jobs included. Raises `Problem` without Redis."""
    services = request.app[SERVICES]
    try:
        failed = await services.evidence.failed_stages()
        return await services.queue.depths({STEPS[stage].queue: count for stage, count in failed.items()})
    except QueueUnavailable as error:
        raise Problem("busy", headers={"Retry-After": "5"}) from error
