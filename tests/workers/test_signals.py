"""Signals on the channel of events."""

import asyncio

import pytest

from storage.evidence import Evidence
from storage.states import StageName
from tests.workers.values import receiving
from workers.signals import Reported, Signal, format_signal, parse_signal


def test_a_signal_is_read_as_it_was_written() -> None:
    assert parse_signal(format_signal("GB001", "e1").encode()) == Signal("GB001", "e1")


def test_a_signal_of_progress_says_how_far_the_stage_is() -> None:
    message = b'{"centre_id":"c","evidence_id":"e","stage":"scan","progress":0.5,"eta_seconds":null}'
    assert parse_signal(message) == Signal("c", "e", Reported(StageName.SCAN, 0.5, None))


@pytest.mark.parametrize(
    "message",
    [b"", b"\xff", b"[]", b"1", b"null", b"{}", b'{"centre_id": "c"}', b"[" * 100_000]
    + [
        b'{"centre_id":"c","evidence_id":"e","stage":' + stage + b"}"
        for stage in (
            b'"scan"',
            b'"nap","progress":1,"eta_seconds":1',
            b'"scan","progress":{},"eta_seconds":1',
        )
    ],
)
def test_what_is_no_signal_is_passed_over(message: bytes) -> None:
    assert parse_signal(message) is None


async def test_who_listens_hears_of_changes_and_learns_when_redis_goes_and_comes(queue, redis_server) -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    standing: asyncio.Queue[bool] = asyncio.Queue()
    listening = asyncio.create_task(queue.listen(heard.put_nowait, standing.put_nowait))
    async with asyncio.timeout(20):
        evidence: Evidence = receiving()
        assert await standing.get()
        await queue.signal(evidence)
        assert parse_signal(await heard.get()) == Signal("GB001", evidence.id)
        redis_server.kill()
        assert not await standing.get()
        await queue.signal(evidence)
        redis_server.start()
        while not await standing.get():
            pass
        await queue.signal(evidence)
        assert parse_signal(await heard.get()) == Signal("GB001", evidence.id)
    listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listening
    assert heard.empty()
