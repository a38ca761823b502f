"""`GET /metrics`: figures for Prometheus, of the whole deployment, whichever gateway is asked."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import accumulate

from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from gateway.auth import require_role
from gateway.keys import SERVICES
from gateway.measuring import BYTES, REQUEST_SECONDS, REQUESTS
from gateway.problems import Problem
from gateway.queues import measure_depths
from storage.records.principals import Role
from workers.counted import EVIDENCE, JOB_SECONDS, JOBS, REDELIVERED
from workers.counters import SUM, Counter, Field, Histogram
from workers.queue import QueueDepth, QueueUnavailable

COUNTERS: tuple[Counter, ...] = (REQUESTS, BYTES, EVIDENCE, JOBS, REDELIVERED)
HISTOGRAMS: tuple[Histogram, ...] = (REQUEST_SECONDS, JOB_SECONDS)


async def metrics(request: web.Request) -> web.Response:
    """`GET /metrics`: counters, the queues' figures, the outbox and free disk, in Prometheus' text format."""
    require_role(request, Role.OPS)
    registry = CollectorRegistry()
    queue = request.app[SERVICES].queue
    depths: Sequence[QueueDepth] = ()
    lacking: Mapping[str, Mapping[str, int]] = {}
    with suppress(Problem, QueueUnavailable):
        depths = await measure_depths(request)
        lacking = await queue.lacking()
        registry.register(_Totals(await queue.counters.totals()))
    Gauge("redis_up", "Whether Redis answers", registry=registry).set(bool(depths))
    _record_depths(registry, depths)
    _record_shortages(registry, lacking)
    await _record_store(request, registry)
    return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})


class _Totals(Collector):
    """What all processes counted."""

    def __init__(self, totals: Mapping[Field, float]) -> None:
        self._totals = totals

    def collect(self) -> Iterator[Metric]:
        """Give each counter and histogram, with every combination of labels that was counted."""
        yield from (_counter(counter, self._totals) for counter in COUNTERS)
        yield from (_histogram(histogram, self._totals) for histogram in HISTOGRAMS)


def _counter(counter: Counter, totals: Mapping[Field, float]) -> Metric:
    family = CounterMetricFamily(counter.name, counter.help, labels=counter.labels)
    for (name, *labels), total in sorted(totals.items()):
        if name == counter.name:
            family.add_metric(labels, total)
    return family


def _histogram(histogram: Histogram, totals: Mapping[Field, float]) -> Metric:
    family = HistogramMetricFamily(histogram.name, histogram.help, labels=histogram.labels)
    les = [*(str(float(bound)) for bound in histogram.bounds), "+Inf"]
    for field, seconds in sorted(totals.items()):
        if (field[0], field[-1]) == (histogram.name, SUM):
            counts = (totals.get((*field[:-1], str(bucket)), 0) for bucket in range(len(les)))
            family.add_metric(field[1:-1], list(zip(les, accumulate(counts), strict=True)), seconds)
    return family


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
