"""What is asked for while an attempt to join is under way."""

import asyncio

import pytest

from gateway.uploads.joins import Joins


async def test_who_asks_during_an_attempt_is_told_of_the_end_of_the_next_one() -> None:
    joins = Joins()
    first = joins.ask("whole", "system")
    async with joins.next():
        second = joins.ask("whole", "a school")
        third = joins.ask("whole", "another key")
        assert second is third is not first
    assert first.is_set()
    assert not second.is_set()
    async with joins.next() as asked:
        assert asked == ("whole", "another key")
        assert not second.is_set()
    assert second.is_set()


async def test_one_upload_is_attempted_by_one_at_a_time_and_others_meanwhile() -> None:
    joins = Joins()
    joins.ask("one", "system")
    async with joins.next():
        joins.ask("one", "system")
        joins.ask("other", "system")
        async with joins.next() as (other, _):
            assert other == "other"
        waiting = asyncio.create_task(_next_id(joins))
        await asyncio.sleep(0.05)
        assert not waiting.done()
    assert await waiting == "one"


async def test_an_attempt_that_fails_or_is_stopped_has_ended() -> None:
    joins = Joins()
    ended = joins.ask("whole", "system")
    with pytest.raises(ZeroDivisionError):
        async with joins.next():
            1 / 0  # noqa: B018
    assert ended.is_set()
    await joins.settle(["whole"], "system", 0.01)
    assert await _next_id(joins) == "whole"


async def _next_id(joins: Joins) -> str:
    async with joins.next() as (upload_id, _):
        return upload_id
