"""Joins that are cut: by kill -9, by a stop, and by another gateway that joins the same whole."""

import asyncio
import contextlib
import hashlib
import signal
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from storage.records.audit import AuditTrail
from storage.records.database import open_database
from tests.gateway.wholes import new_part, new_whole
from tests.services.api import Api, until
from tests.services.intake import Intake, lone_gateway, two_gateways

PART = Random(3).randbytes(16 << 20)
TIMES = 12


@pytest.fixture
def pair() -> Iterator[tuple[Intake, Intake]]:
    with two_gateways() as both:
        yield both


@pytest.fixture
def gateway() -> Iterator[Intake]:
    with lone_gateway() as intake:
        intake.start_gateway()
        yield intake


def original(gateway: Intake, evidence: str) -> Path:
    (path,) = (gateway.folder / "store" / "blobs").glob(f"*/{evidence.rpartition('/')[2]}/original")
    return path


async def kinds(gateway: Intake, evidence: str) -> list[str]:
    async with open_database(f"sqlite:///{gateway.folder / 'intake.db'}") as database:
        return [event.kind for event in await AuditTrail(database).events(evidence.rpartition("/")[2])]


async def until_received(api: Api, evidence: str) -> None:
    await api.wait(evidence, {"received"}, 20)


async def until_joining(gateway: Intake) -> None:
    """Wait until bytes of a whole are being copied."""

    async def begun() -> bool:
        with contextlib.suppress(FileNotFoundError):
            return any(path.stat().st_size for path in (gateway.folder / "store/uploads").glob("*/whole"))
        return False

    await until(begun)


async def test_a_join_that_was_killed_is_finished_after_the_next_start(gateway: Intake) -> None:
    digest = hashlib.sha256(PART * TIMES).hexdigest()
    for number in range(4):
        async with Api(gateway.url, gateway.key) as api:
            part = await new_part(api, PART)
            once = {"Idempotency-Key": str(number)}
            asking = asyncio.create_task(new_whole(api, [part] * TIMES, **once))
            await until_joining(gateway)
            gateway.kill_gateway()
            await asyncio.gather(asking, return_exceptions=True)
            gateway.start_gateway()
            whole, evidence = await new_whole(api, [part] * TIMES, **once)
            await until_received(api, evidence)
            assert await api.offset(whole) == len(PART) * TIMES
            path = original(gateway, evidence)
            assert hashlib.sha256(path.read_bytes()).hexdigest() == digest
            assert await kinds(gateway, evidence) == ["created", "received"]
            path.unlink()


async def test_a_stop_does_not_wait_for_a_join_and_the_next_start_goes_on(gateway: Intake) -> None:
    async with Api(gateway.url, gateway.key) as api:
        part = await new_part(api, PART)
        asking = asyncio.create_task(new_whole(api, [part] * 60, **{"Idempotency-Key": "once"}))
        await until_joining(gateway)
        assert gateway.gateway
        gateway.gateway.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(gateway.gateway.wait, 12) == 0
        await asyncio.gather(asking, return_exceptions=True)
        gateway.start_gateway()
        _, evidence = await new_whole(api, [part] * 60, **{"Idempotency-Key": "once"})
        await until_received(api, evidence)
        assert original(gateway, evidence).stat().st_size == len(PART) * 60


async def test_two_gateways_that_are_told_at_once_make_one_piece_of_evidence(
    pair: tuple[Intake, Intake],
) -> None:
    async with Api(pair[0].url, pair[0].key) as first, Api(pair[1].url, pair[1].key) as second:
        for _ in range(8):
            one, two = await new_part(first, PART[: 1 << 20], 10), await new_part(second, b"hello", 4)
            whole, evidence = await new_whole(first, [one, two, one])
            answers = await asyncio.gather(
                first.patch(one, 10, PART[10 : 1 << 20]), second.patch(two, 4, b"o"), second.head(whole)
            )
            assert [answer.status for answer in answers] == [204, 204, 200]
            await asyncio.gather(*(api.head(whole) for api in (first, second) * 4))
            await until_received(second, evidence)
            expected = PART[: 1 << 20] + b"hello" + PART[: 1 << 20]
            assert original(pair[0], evidence).read_bytes() == expected
            assert await kinds(pair[0], evidence) == ["created", "received"]


async def test_what_one_gateway_was_killed_over_the_other_joins(pair: tuple[Intake, Intake]) -> None:
    async with Api(pair[0].url, pair[0].key) as first, Api(pair[1].url, pair[1].key) as second:
        part = await new_part(first, PART)
        once = {"Idempotency-Key": "once"}
        asking = asyncio.create_task(new_whole(first, [part] * TIMES, **once))
        await until_joining(pair[0])
        pair[0].kill_gateway()
        await asyncio.gather(asking, return_exceptions=True)
        whole, evidence = await new_whole(second, [part] * TIMES, **once)
        assert (await second.head(whole)).status == 200
        await until_received(second, evidence)
        assert original(pair[1], evidence).stat().st_size == len(PART) * TIMES
