"""Senders that race, and gateways that are killed at any moment: bytes are never mixed, lost or doubled."""

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Iterator

import pytest

from gateway.listening import READ_BUFFER_BYTES
from tests.gateway.wire import begun_patch
from tests.services.api import Api, until
from tests.services.intake import Intake, two_gateways

RACES = [50, pytest.param(1000, marks=[pytest.mark.soak, pytest.mark.timeout(7200)])]
KILLS = [10, pytest.param(100, marks=[pytest.mark.soak, pytest.mark.timeout(7200)])]

#: What the gateway may hold unwritten of one connection.
FLUSH_UNIT_BYTES = 2 * READ_BUFFER_BYTES

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[Intake, Intake]]:
    with two_gateways() as both:
        yield both


@pytest.fixture
async def apis(pair: tuple[Intake, Intake]) -> AsyncIterator[list[Api]]:
    first, second = pair
    async with Api(first.url, first.key) as one, Api(second.url, second.key) as other:
        yield [one, other]


async def in_pieces(data: bytes, dice: random.Random) -> AsyncIterator[bytes]:
    while data:
        size = dice.randint(1, 40_000)
        yield data[:size]
        data = data[size:]
        await asyncio.sleep(dice.choice((0, 0, 0.001)))


@pytest.mark.parametrize("rounds", RACES)
async def test_of_two_racing_patches_one_wins_and_bytes_are_never_mixed(
    pair: tuple[Intake, Intake], apis: list[Api], rounds: int
) -> None:
    for number in range(rounds):
        dice = random.Random(number)
        total, step = 200_000, dice.randint(1, 120_000)
        upload, evidence = await apis[0].create(total)
        rivals = [bytes([65 + rival]) * dice.choice((step, dice.randint(1, 120_000))) for rival in range(2)]
        where = [dice.choice(apis) for _ in rivals]
        answers = await asyncio.gather(
            *(api.patch(upload, 0, in_pieces(data, dice)) for api, data in zip(where, rivals, strict=True))
        )
        won = [data for data, answer in zip(rivals, answers, strict=True) if answer.status == 204]
        assert len(won) == 1, [answer.status for answer in answers]
        (lost,) = [answer for answer in answers if answer.status != 204]
        assert lost.status == 409
        assert 0 <= int(lost.headers["Upload-Offset"]) <= len(won[0])
        assert await apis[1].offset(upload) == len(won[0])
        rest = b"z" * (total - len(won[0]))
        assert (await dice.choice(apis).patch(upload, len(won[0]), rest)).status == 204
        assert pair[0].read(evidence, "original") == won[0] + rest


@pytest.mark.parametrize("rounds", KILLS)
async def test_kill_9_at_a_random_moment_costs_at_most_what_had_not_been_written(
    pair: tuple[Intake, Intake], apis: list[Api], rounds: int
) -> None:
    victim, other = pair
    for number in range(rounds):
        dice = random.Random(number)
        data = dice.randbytes(12 << 20)
        upload, evidence = await apis[0].create(len(data))
        sent = dice.randint(1, len(data) - 1)
        async with begun_patch(apis[0], upload, 0, data[:sent], len(data)) as wire:
            told = 0
            if dice.random() < 0.5:  # killed with all of it arrived, else with bytes on the way
                await until(lambda upload=upload, sent=sent: has_arrived(apis[0], upload, sent))
                told = sent
            victim.kill_gateway()
            await wire.rest()
        resumed = asyncio.get_running_loop().time()
        offset = await apis[1].offset(upload)
        assert told - FLUSH_UNIT_BYTES <= offset <= sent
        assert (await apis[1].patch(upload, offset, data[offset:])).status == 204
        assert asyncio.get_running_loop().time() - resumed < 5
        assert hashlib.sha256(other.read(evidence, "original")).digest() == hashlib.sha256(data).digest()
        victim.start_gateway()


async def has_arrived(api: Api, upload: str, sent: int) -> bool:
    """Tell whether all but what may lie in the reader has been written."""
    return await api.offset(upload) >= sent - FLUSH_UNIT_BYTES
