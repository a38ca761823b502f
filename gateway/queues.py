"""Queue depth for operators, as JSON and as Prometheus metrics."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import partial

from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

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
    body: answers.Queues = {"items": [*await _depths(request)]}
    return web.json_response(body, dumps=partial(json.dumps, default=asdict))


async def metrics(request: web.Request) -> web.Response:
    """`GET /metrics`: the same figures in Prometheus' text format, with the outbox and free disk."""
    require_role(request, Role.OPS)
    registry = CollectorRegistry()
    depths: Sequence[QueueDepth] = ()
    lacking: Mapping[str, Mapping[str, int]] = {}
    with suppress(Problem, QueueUnavailable):
        depths = await _depths(request)
        lacking = await request.app[SERVICES].queue.lacking()
    Gauge("redis_up", "Whether Redis answers", registry=registry).set(bool(depths))
    _record_depths(registry, depths)
    _record_shortages(registry, lacking)
    await _record_store(request, registry)
    return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})


async def _depths(request: web.Request) -> tuple[QueueDepth, ...]:
    services = request.app[SERVICES]
    try:
        failed = await services.evidence.failed_stages()
        return await services.queue.depths({STEPS[stage].queue: count for stage, count in failed.items()})
    except QueueUnavailable as error:
        raise Problem("busy", headers={"Retry-After": "5"}) from error


def _record_depths(registry: CollectorRegistry, depths: Sequence[QueueDepth]) -> None:
    depth = Gauge("queue_depth", "Jobs in a queue", ["queue", "state"], registry=registry)
    age = Gauge("queue_oldest_age_seconds", "Age of the oldest job", ["queue"], registry=registry)
    slots = Gauge("worker_slots", "Jobs the queue's workers run at once", ["queue"], registry=registry)
    for queue in depths:
        for state in ("ready", "delayed", "leased", "dead"):
            depth.labels(queue.name, state).set(getattr(queue, state))
        age.labels(queue.name).set(queue.oldest_age_seconds)
        slots.labels(queue.name).set(queue.slots)


def _record_shortages(registry: CollectorRegistry, lacking: Mapping[str, Mapping[str, int]]) -> None:
    words = "Workers without a tool that they can do without"
    gauge = Gauge("workers_lacking", words, ["queue", "tool"], registry=registry)
    for queue, tools in lacking.items():
        for tool, count in tools.items():
            gauge.labels(queue, tool).set(count)


async def _record_store(request: web.Request, registry: CollectorRegistry) -> None:
    services = request.app[SERVICES]
    pending, oldest_seconds = await services.outbox.count_and_oldest()
    Gauge("outbox_pending", "Stages that the record waits for", registry=registry).set(pending)
    Gauge("outbox_oldest_age_seconds", "Age of the oldest of them", registry=registry).set(oldest_seconds)
    room = await services.blobs.room()
    if room:
        Gauge("storage_free_bytes", "Room left in the store", registry=registry).set(room.free_bytes)
