"""104 while bytes arrive: only what is durable is told, and a kill -9 afterwards loses none of it."""

import asyncio
import signal
from collections.abc import Iterator

import pytest

from gateway.ietf import interim
from tests.gateway.ietf.speaking import (
    PARTIAL,
    ROOT,
    Said,
    answers,
    append,
    begun,
    create,
    spoken,
    stands,
)
from tests.gateway.ietf.test_digests import field
from tests.gateway.wire import Wire, head_of
from tests.services.api import Api, until
from tests.services.intake import Intake, lone_gateway

PIECE = b"x" * 1000


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interim, "_STEP_SECONDS", 0.05)


def begun_append(api: Api, path: str, version: int | None, announced: int, **more: str):
    headers = {"Content-Type": PARTIAL, "Upload-Offset": "0", "Content-Length": str(announced)}
    return begun(api, "PATCH", path, {**headers, **spoken(version, complete=True, **more)}, PIECE)


async def drip_until_told(wire: Wire) -> tuple[Said, int]:
    """Send a little at a time until an answer comes; return it, and how many bytes were sent."""
    telling = asyncio.create_task(wire.answer())
    sent = 0
    while not telling.done() and sent < 1900:
        await wire.send(b"x" * 10)
        sent += 10
        await asyncio.sleep(0.02)
    return Said(*await telling), sent


@pytest.mark.parametrize("version", [5, 6, 7, 8, 9, None])
async def test_a_sender_is_told_how_far_its_append_is(api: Api, version: int | None) -> None:
    path = await create(api, version)
    async with begun_append(api, path, version, 3000) as wire:
        told, sent = await drip_until_told(wire)
        assert told.status == 104
        assert told.headers.get("upload-draft-interop-version") == (version and str(version))
        assert "location" not in told.headers
        assert 1000 <= int(told.headers["upload-offset"]) <= 1000 + sent
        await wire.send(b"x" * (2000 - sent))
        *_, last = await answers(wire)
        assert (last.status, last.headers["upload-offset"]) == (201, "3000")


@pytest.mark.parametrize("version", [3, 4, 10])
async def test_versions_without_progress_are_told_nothing_in_between(api: Api, version: int) -> None:
    path = await create(api, version)
    async with begun_append(api, path, version, 3000) as wire:
        for _ in range(2):
            await asyncio.sleep(0.1)
            await wire.send(PIECE)
        assert [said.status for said in await answers(wire)] == [201]


async def test_nothing_is_told_of_a_body_that_does_not_count_yet(api: Api) -> None:
    path = await create(api, 8)
    async with begun_append(api, path, 8, 3000, Content_Digest=field(PIECE * 3)) as wire:
        for _ in range(2):
            await asyncio.sleep(0.1)
            await wire.send(PIECE)
        assert [said.status for said in await answers(wire)] == [201]


async def test_a_creation_is_told_of_its_bytes_too(api: Api) -> None:
    headers = {"Content-Length": "3000", **spoken(6, complete=True)}
    async with begun(api, "POST", ROOT, headers, PIECE) as wire:
        said = [Said(*await wire.answer())]
        told, sent = await drip_until_told(wire)
        await wire.send(b"x" * (2000 - sent))
        said += [told, *await answers(wire)]
    assert [one.status for one in said] == [104] * (len(said) - 1) + [201]
    assert len(said) > 2
    assert ["location" in one.headers for one in said[:-1]] == [True] + [False] * (len(said) - 2)


async def test_many_small_pieces_end_with_one_answer_and_a_connection_that_goes_on(api: Api) -> None:
    path, other = await create(api, 8), await create(api, 8)
    async with begun_append(api, path, 8, 50_000) as wire:
        for _ in range(49):
            await wire.send(PIECE)
            await asyncio.sleep(0.01)
        said = await answers(wire)
        assert said[-1].status == 201
        offsets = [int(one.headers["upload-offset"]) for one in said]
        assert offsets == sorted(offsets)
        await wire.send(head_of(api, "GET", other, spoken(8)))
        assert [one.status for one in await answers(wire)] == [204]


@pytest.fixture
def intake() -> Iterator[Intake]:
    with lone_gateway(free_disk_reserve_bytes=0) as intake:
        intake.start_gateway()
        yield intake


async def test_what_was_told_is_there_after_kill_9(intake: Intake) -> None:
    async with Api(intake.url, intake.key) as api:
        headers = {"Content-Length": str(100 * 100_000), **spoken(8, complete=True)}
        offset = 0
        async with begun(api, "POST", ROOT, headers, b"") as wire:
            announced = Said(*await wire.answer())
            path = announced.headers["location"].removeprefix(api.url)
            sending = asyncio.create_task(_trickle(wire))
            while not offset:
                told = Said(*await wire.answer())
                offset = int(told.headers.get("upload-offset", 0))
            intake.gateway.send_signal(signal.SIGKILL)
            intake.gateway.wait()
            sending.cancel()
        intake.start_gateway()
        there = await stands(api, path, 8)
        assert int(there.headers["upload-offset"]) >= offset
        assert there.headers["upload-complete"] == "?0"
        rest = b"y" * (100 * 100_000 - int(there.headers["upload-offset"]))
        last = await append(api, path, int(there.headers["upload-offset"]), rest, complete=True, version=8)
        assert last.status == 201


async def _trickle(wire) -> None:
    for _ in range(99):
        await wire.send(b"y" * 100_000)
        await asyncio.sleep(0.1)


async def test_a_server_that_stops_answers_503_with_the_offset(intake: Intake) -> None:
    async with Api(intake.url, intake.key) as api:
        path = await create(api, 8)
        async with begun_append(api, path, 8, 3000) as wire:

            async def arrived() -> bool:
                return (await stands(api, path)).headers["upload-offset"] == "1000"

            await until(arrived)
            intake.gateway.send_signal(signal.SIGTERM)
            *_, said = await answers(wire)
            assert (said.status, said.headers["upload-offset"], said.headers["upload-complete"]) == (
                503,
                "1000",
                "?0",
            )
