"""Many readers, slow readers, silent readers, and readers whose key is gone."""

import asyncio
import contextlib
from collections.abc import Collection
from dataclasses import replace

import aiohttp
import pytest

from gateway.events import writing
from gateway.events.feed import open_feed
from gateway.events.mailbox import Mailbox
from gateway.events.scope import Scope
from gateway.services import Services
from storage.evidence import Evidence
from storage.records.evidence import EvidenceRecords
from tests.gateway.conftest import OpenApi
from tests.gateway.events.reading import Reading, add, change, reading
from tests.gateway.wire import connected, head_of
from tests.services.api import Api

EVENTS = "/v1/events"
CROWD = 200


class CountedRecords(EvidenceRecords):
    """Counts how often evidence is loaded."""

    loads = 0

    async def load_all(self, evidence_ids: Collection[str]) -> tuple[Evidence, ...]:
        self.loads += 1
        return await super().load_all(evidence_ids)


async def test_a_change_is_read_once_however_many_follow_it(services: Services) -> None:
    counted = CountedRecords(services.evidence._database)
    evidence_id = await add(services)
    mailboxes = [Mailbox() for _ in range(CROWD)]
    async with open_feed(replace(services, evidence=counted)) as feed, contextlib.AsyncExitStack() as stack:
        for mailbox in mailboxes:
            await stack.enter_async_context(feed.follow(Scope("GB001"), "GB001", mailbox))
        for number in range(1, 4):
            await change(services, evidence_id, flags=(str(number),))
            async with asyncio.timeout(5):
                for mailbox in mailboxes:
                    await mailbox.wait(asyncio.get_running_loop().time() + 5)
                    assert len(mailbox.take()) == 1
        # A look through the latest changes, as at the beginning, may find a change beside its signal.
        assert 3 <= counted.loads <= 5


@contextlib.asynccontextmanager
async def crowd(api: Api, count: int):
    """Many connections at once; a session alone would open a hundred."""
    connector = aiohttp.TCPConnector(limit=0)
    headers = {"Authorization": api.session.headers["Authorization"]}
    async with aiohttp.ClientSession(api.url, headers=headers, connector=connector) as session:
        crowding = Api.__new__(Api)
        crowding.url, crowding.session = api.url, session
        async with contextlib.AsyncExitStack() as stack:
            yield [await stack.enter_async_context(reading(crowding, EVENTS)) for _ in range(count)]


async def test_two_hundred_readers_of_a_centre_all_hear_of_every_change(api: Api, services: Services) -> None:
    evidence_id = await add(services)
    async with crowd(api, CROWD) as streams:
        for number in range(3):
            await change(services, evidence_id, flags=(str(number),))
            told = await asyncio.gather(*(stream.evidence() for stream in streams))
            assert {event.data["flags"][0] for event in told} == {str(number)}


@pytest.mark.parametrize("chosen", [{"event_streams_per_centre": 3}])
async def test_a_centre_with_too_many_streams_waits_and_others_do_not(
    api: Api, open_api: OpenApi, services: Services
) -> None:
    other = await open_api(centre="GB002")
    async with crowd(api, 3):
        async with api.session.get(EVENTS) as answer:
            assert (answer.status, (await answer.json())["code"]) == (429, "too_many_streams")
            assert int(answer.headers["Retry-After"]) > 0
        async with reading(other, EVENTS):
            pass
    async with reading(api, EVENTS), reading(api, EVENTS), reading(api, EVENTS):
        pass  # those that went away count no longer, though nobody wrote to them since


@pytest.mark.parametrize("chosen", [{"event_streams": 2}])
async def test_a_process_with_too_many_streams_says_when_to_come_back(api: Api, open_api: OpenApi) -> None:
    other = await open_api(centre="GB002")
    async with reading(api, EVENTS), reading(other, EVENTS):
        async with api.session.get(EVENTS) as answer:
            assert (answer.status, (await answer.json())["code"]) == (503, "busy")
            assert int(answer.headers["Retry-After"]) > 0
        assert (await api.download("/v1/evidence"))[0] == 200


@pytest.mark.parametrize("chosen", [{"silent_connection_seconds": 1}])
async def test_a_reader_that_does_not_read_is_cut_and_keeps_nobody_waiting(
    api: Api, services: Services
) -> None:
    names = [await add(services) for _ in range(60)]
    async with connected(api.url) as silent, reading(api, EVENTS) as stream:
        await silent.send(head_of(api, "GET", EVENTS, {}))
        assert b"retry" in await silent.reader.readuntil(b"retry")
        silent.writer.transport.pause_reading()
        seen: set[str] = set()
        for name in names:
            await change(services, name, flags=("x" * 200_000,))
            seen.add((await stream.evidence(30)).data["id"])
        assert seen == set(names)
        await asyncio.sleep(2)
        silent.writer.transport.resume_reading()
        assert len(await silent.rest(5)) < 60 * 200_000


@pytest.mark.parametrize("chosen", [{"silent_connection_seconds": 1}])
async def test_a_stream_in_which_nothing_happens_is_no_silent_connection(
    api: Api, services: Services
) -> None:
    evidence_id = await add(services)
    async with reading(api, EVENTS) as stream:
        await asyncio.sleep(3)
        await change(services, evidence_id, flags=("x",))
        assert (await stream.evidence()).data["id"] == evidence_id


async def beats(stream: Reading, count: int) -> None:
    async with asyncio.timeout(10):
        while stream.comments < count:
            stream._dispatch(await stream._block())


async def test_the_heart_beats_and_a_revoked_key_ends_the_stream(
    open_api: OpenApi, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "HEARTBEAT_SECONDS", 0.2)
    key, made = await services.principals.create_key("test", frozenset(), "GB001")
    api = await open_api(key=key)
    async with reading(api, EVENTS) as stream:
        await beats(stream, 3)
        await services.principals.revoke(made.id)
        await stream.ended()
    assert (await api.download(EVENTS))[0] == 401


async def test_a_revoked_key_ends_a_stream_in_which_much_happens(
    open_api: OpenApi, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "HEARTBEAT_SECONDS", 0.2)
    key, made = await services.principals.create_key("test", frozenset(), "GB001")
    evidence_id = await add(services)
    async with reading(await open_api(key=key), EVENTS) as stream:
        await services.principals.revoke(made.id)
        told = 0

        async def go_on() -> None:
            nonlocal told
            while True:
                await change(services, evidence_id, flags=(str(told),))
                await stream.next()
                told += 1

        with pytest.raises(EOFError):
            await go_on()
        assert told < 200
