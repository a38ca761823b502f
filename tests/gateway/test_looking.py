"""A question that many put at once reaches the outside world only now and then."""

import asyncio
import time

import pytest

from gateway import looking
from gateway.looking import open_look
from storage.errors import StorageFull, StorageUnavailable
from tests.services.api import until


class Asked:
    """Something that is asked, and answers when and what a test says."""

    def __init__(self) -> None:
        self.times = 0
        self.begun = asyncio.Event()
        self.answers = asyncio.Event()
        self.answers.set()
        self.says_no = False

    async def __call__(self) -> None:
        self.times += 1
        self.begun.set()
        await self.answers.wait()
        if self.says_no:
            raise StorageFull("no room")


async def test_a_storm_asks_once() -> None:
    asked = Asked()
    async with open_look(asked) as look:
        assert not any(await asyncio.gather(*(look.answer() for _ in range(1000))))
        assert not any([await look.answer() for _ in range(1000)])
    assert asked.times == 1


async def test_an_answer_is_asked_for_again_when_it_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "_GOOD_SECONDS", 0.01)
    asked = Asked()
    async with open_look(asked) as look:
        assert await look.answer() is None
        asked.says_no = True

        async def says_no() -> bool:
            return isinstance(await look.answer(), StorageFull)

        await until(says_no)


async def test_what_does_not_answer_says_no_is_asked_only_once_and_keeps_nobody_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(looking, "_GOOD_SECONDS", 0.01)
    monkeypatch.setattr(looking, "_LOOK_SECONDS", 0.2)
    asked = Asked()
    asked.answers.clear()
    async with open_look(asked) as look:
        assert all(await asyncio.gather(*(look.answer() for _ in range(100))))
        before = time.monotonic()
        assert all([await look.answer() for _ in range(100)])
        assert time.monotonic() - before < 10  # 20 s if each waited
        assert asked.times == 1
        asked.answers.set()

        async def says_yes() -> bool:
            return await look.answer() is None

        await until(says_yes)


async def test_what_nobody_foresaw_is_an_answer_and_ends_nothing() -> None:
    async def ask() -> None:
        raise ValueError("a configuration that cannot be read")

    async with open_look(ask) as look:
        assert isinstance(await look.answer(), StorageUnavailable)
        assert isinstance(await look.answer(), StorageUnavailable)


async def test_closing_waits_for_no_answer() -> None:
    asked = Asked()
    asked.answers.clear()
    async with asyncio.timeout(10):
        async with open_look(asked) as look:
            waiting = asyncio.create_task(look.answer())
            await asked.begun.wait()
        with pytest.raises(asyncio.CancelledError):
            await waiting
