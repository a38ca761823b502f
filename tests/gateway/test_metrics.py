"""`/metrics`: what operators' alarms are made of, the same whichever process is asked."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator, Mapping
from functools import partial

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.metrics import COUNTERS, HISTOGRAMS
from gateway.services import Services
from tests.gateway.conftest import OpenApi
from tests.gateway.wire import connected, head_of
from tests.services.api import TUS, Api, until
from tests.services.children import children_of, is_gone
from tests.services.intake import ROOT, Intake, lone_gateway
from tests.services.process import wait_until
from tests.services.redis import RedisServer
from workers.counted import counting_run

Labels = frozenset[tuple[str, str]]
Samples = Mapping[tuple[str, Labels], float]

NOWHERE = {"route": "other", "status": "404"}


@pytest.fixture
async def ops(open_api: OpenApi) -> Api:
    return await open_api(roles=("ops",))


async def samples(api: Api) -> Samples:
    status, body, _ = await api.download("/metrics")
    assert status == 200
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


async def value(api: Api, name: str, **labels: str) -> float:
    return (await samples(api)).get((name, frozenset(labels.items())), 0)


async def test_requests_are_counted_by_template_and_status_and_show_no_id(ops: Api) -> None:
    upload, _ = await ops.create(10)
    for offset, status in ((0, 204), (7, 409)):
        assert (await ops.patch(upload, offset, b"hello")).status == status
    patch = {"method": "PATCH", "route": "/v1/uploads/{id}"}
    for status in ("204", "409"):
        assert await value(ops, "http_requests_total", **patch, status=status) == 1
    assert await value(ops, "http_request_duration_seconds_count", **patch) == 2
    assert await value(ops, "http_request_duration_seconds_bucket", **patch, le="+Inf") == 2
    assert 0 < await value(ops, "http_request_duration_seconds_sum", **patch) < 60
    assert upload.rpartition("/")[2] not in (await ops.download("/metrics"))[1].decode()


async def test_what_a_client_makes_up_becomes_no_label(ops: Api) -> None:
    for number in range(5):
        assert (await ops.download(f"/made/up/{number}"))[0] == 404
        async with ops.session.request("PROPFIND", f"/made/up/{number}") as answer:
            assert answer.status == 404
    assert await value(ops, "http_requests_total", method="GET", **NOWHERE) == 5
    assert await value(ops, "http_requests_total", method="other", **NOWHERE) == 5
    told = (await ops.download("/metrics"))[1].decode()
    assert not [word for word in ("made/up", "PROPFIND") if word in told]


async def test_requests_without_a_good_key_are_counted_too(ops: Api) -> None:
    async with Api(ops.url, "wrong") as nobody:
        assert (await nobody.download("/v1/evidence"))[0] == 401
    assert await value(ops, "http_requests_total", method="GET", route="/v1/evidence", status="401") == 1


async def test_bytes_and_what_becomes_of_uploads_are_counted(ops: Api) -> None:
    await ops.send(b"hello", "essay.txt")
    upload, _ = await ops.create(100, "essay.txt")
    await ops.patch(upload, 0, b"a" * 60)
    async with ops.session.delete(upload, headers=TUS) as answer:
        assert answer.status == 204
    assert await value(ops, "upload_bytes_total") == 65
    assert await value(ops, "evidence_entered_total", state="receiving", code="") == 2
    assert await value(ops, "evidence_entered_total", state="received", code="") == 1
    assert await value(ops, "evidence_entered_total", state="withdrawn", code="upload_cancelled") == 1


async def test_what_workers_count_is_told_by_the_gateway(ops: Api, services: Services) -> None:
    with counting_run(services.queue.counters, "scan") as run:
        run.outcome = "done"
    await services.queue.counters.send()
    assert await value(ops, "jobs_total", queue="scan", outcome="done") == 1
    assert await value(ops, "job_run_seconds_bucket", queue="scan", le="0.05") == 1


async def test_without_redis_no_total_is_told_and_afterwards_none_is_missing(
    ops: Api, redis_server: RedisServer
) -> None:
    assert (await ops.download("/made/up"))[0] == 404
    redis_server.kill()
    assert (await ops.download("/made/up"))[0] == 404
    away = await samples(ops)
    assert away["redis_up", frozenset()] == 0
    assert not [name for name, _ in away if name.startswith(("http_", "upload_bytes", "evidence_"))]
    redis_server.start()
    # What was there before is in Redis only where it is kept; what was counted meanwhile is.
    assert await value(ops, "http_requests_total", method="GET", **NOWHERE) >= 1


def test_what_is_counted_is_documented() -> None:
    told = (ROOT / "docs" / "metrics.md").read_text()
    assert not [metric.name for metric in (*COUNTERS, *HISTOGRAMS) if f"`{metric.name}" not in told]


class TestSeveralProcesses:
    @pytest.fixture
    def shared(self) -> Iterator[Intake]:
        with lone_gateway() as intake:
            intake.key = intake.make_key("--centre", "GB001", "--role", "ops")
            intake.start_gateway(2)
            yield intake

    @pytest.fixture
    async def api(self, shared: Intake) -> AsyncIterator[Api]:
        async with Api(shared.url, shared.key) as api:
            yield api

    async def test_the_sum_is_told_and_a_killed_process_takes_nothing_back(
        self, shared: Intake, api: Api
    ) -> None:
        for _ in range(40):
            async with connected(shared.url) as wire:
                await wire.send(head_of(api, "GET", "/made/up", {}))
                assert (await wire.answer())[0] == 404

        async def all_told() -> bool:
            return await self.told(shared) == 40

        await until(all_told)
        assert shared.gateway
        killed = children_of(shared.gateway.pid)[0]
        os.kill(killed, signal.SIGKILL)
        # Until then a connection may be given to it.
        await asyncio.to_thread(wait_until, partial(is_gone, killed))
        for _ in range(20):
            assert await self.told(shared) == 40

    async def told(self, shared: Intake) -> float:
        """Ask a process, whichever it is."""
        async with Api(shared.url, shared.key) as api:
            return await value(api, "http_requests_total", method="GET", **NOWHERE)
