"""Following every piece of evidence of a centre, or of all."""

import asyncio
import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from config.settings import Settings
from gateway.events import cursor, reader
from gateway.events.cursor import format_cursor
from gateway.services import Services
from storage import tables
from storage.records.database import open_database
from storage.states import EvidenceState
from tests.gateway.conftest import OpenApi
from tests.gateway.events.reading import Reading, add, change, reading
from tests.services.api import Api

EVENTS = "/v1/events"


@pytest.fixture
def quick_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "POLL_SECONDS", 0.2)


def looked_once_signals_come(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Return what is set when the subscription stands, the look after it is over and none is due soon."""
    looked = asyncio.Event()
    look = reader.Reader._poll

    async def noting(self: reader.Reader) -> None:
        await look(self)
        if self._connected and self._poll_at > asyncio.get_running_loop().time() + 1:
            looked.set()

    monkeypatch.setattr(reader.Reader, "_poll", noting)
    return looked


async def latest_of(stream: Reading, wanted: dict[str, int]) -> None:
    """Read until each was seen at its version or a later one, before the feed would look again."""
    seen: dict[str, int] = {}
    async with asyncio.timeout(reader.POLL_SECONDS / 2):
        while any(seen.get(name, 0) < version for name, version in wanted.items()):
            event = await stream.evidence()
            assert event.data["version"] >= seen.get(event.data["id"], 0), "it went back"
            seen[event.data["id"]] = event.data["version"]


async def test_it_begins_with_now_and_tells_every_change_of_the_centre(api: Api, services: Services) -> None:
    old = await add(services)
    async with reading(api, EVENTS) as stream:
        evidence_id = await add(services)
        await change(services, evidence_id, state=EvidenceState.RECEIVED)
        event = await stream.until(lambda event: event.data["version"] == 2)
        assert event.data == await api.evidence(f"/v1/evidence/{evidence_id}")
        await change(services, old, flags=("x",))
        assert (await stream.evidence()).data["id"] == old


async def test_an_upload_is_seen_from_its_creation_to_its_cancellation(api: Api) -> None:
    async with reading(api, EVENTS) as stream:
        upload, evidence = await api.create(5)
        event = await stream.evidence()
        assert (f"/v1/evidence/{event.data['id']}", event.data["state"]) == (evidence, "receiving")
        async with api.session.delete(upload, headers={"Tus-Resumable": "1.0.0"}) as answer:
            assert answer.status == 204
        event = await stream.evidence()
        assert (event.data["state"], event.data["code"]) == ("withdrawn", "upload_cancelled")
        evidence = await api.send(b"hello")
        await stream.until(lambda event: event.data.get("state") == "received")


async def test_another_centres_evidence_is_not_in_it(api: Api, open_api: OpenApi, services: Services) -> None:
    foreign, own = await add(services, "GB999"), await add(services)
    board = await open_api(centre=None, roles=("team_leader",))
    async with (
        reading(api, EVENTS) as stream,
        reading(board, EVENTS) as all_centres,
        reading(board, f"{EVENTS}?centre=GB999") as one_centre,
    ):
        await change(services, foreign, flags=("x",))
        await change(services, own, flags=("x",))
        assert (await stream.evidence()).data["id"] == own
        assert (await one_centre.evidence()).data["id"] == foreign
        assert {(await all_centres.evidence()).data["id"] for _ in range(2)} == {foreign, own}


async def test_a_centre_may_name_itself_and_nobody_else(api: Api, services: Services) -> None:
    async with reading(api, f"{EVENTS}?centre=GB001") as stream:
        await add(services)
        assert stream.last_id
    status, body, _ = await api.download(f"{EVENTS}?centre=GB999")
    none, none_body, _ = await api.download("/v1/evidence/none")
    assert status == none == 404
    assert {**json.loads(body), "request_id": 0} == {**json.loads(none_body), "request_id": 0}


@pytest.mark.parametrize("centre", ["%00", "%0a", "a%0d", "x" * 129, "%ff%fe"])
async def test_a_centre_that_can_be_none_is_refused_or_empty(open_api: OpenApi, centre: str) -> None:
    board = await open_api(centre=None, roles=("ops",))
    async with board.session.get(f"{EVENTS}?centre={centre}") as answer:
        assert answer.status in {200, 400}


async def test_after_a_cut_the_latest_version_of_all_that_changed_is_seen(
    api: Api, services: Services
) -> None:
    names = [await add(services) for _ in range(5)]
    async with reading(api, EVENTS) as stream:
        await change(services, names[0], flags=("seen",))
        await stream.evidence()
    last_id = stream.last_id
    wanted = {}
    for number in range(20):
        name = names[number % 5]
        wanted[name] = (await change(services, name, flags=(str(number),))).version
    async with reading(api, EVENTS, last_id) as stream:
        await latest_of(stream, wanted)


async def test_a_cut_before_the_first_event_misses_nothing_either(api: Api, services: Services) -> None:
    evidence_id = await add(services)
    async with reading(api, EVENTS) as stream:
        last_id = stream.last_id
    after = await change(services, evidence_id, flags=("x",))
    async with reading(api, EVENTS, last_id) as stream:
        await latest_of(stream, {evidence_id: after.version})


async def test_changes_while_the_past_is_told_are_not_missed(api: Api, services: Services) -> None:
    names = [await add(services) for _ in range(120)]
    since = format_cursor((await change(services, names[0], flags=("x",))).created_at)
    wanted: dict[str, int] = {}

    async def go_on() -> None:
        for name in reversed(names):
            wanted[name] = (await change(services, name, flags=("y",))).version

    changing = asyncio.create_task(go_on())
    async with reading(api, EVENTS, since) as stream:
        await changing
        await latest_of(stream, wanted)


async def test_a_change_without_a_signal_is_seen_by_looking(
    api: Api, services: Services, quick_polls: None
) -> None:
    evidence_id = await add(services)
    async with reading(api, EVENTS) as stream, reading(api, f"/v1/evidence/{evidence_id}/events") as own:
        assert (await own.evidence()).id == "1"
        await change(services, evidence_id, signal=False, flags=("x",))
        assert (await stream.evidence()).data["flags"] == ["x"]
        assert (await own.evidence()).data["flags"] == ["x"]


async def commit_late(settings: Settings, services: Services, evidence_id: str, moment: datetime) -> None:
    """Change evidence in silence, as of a moment that others were already told later ones than."""
    await change(services, evidence_id, signal=False, flags=("late",))
    async with open_database(settings.database_url) as database:
        row = tables.evidence.c
        await database.execute(update(tables.evidence).where(row.id == evidence_id).values(updated_at=moment))


async def test_a_change_that_becomes_visible_late_is_seen_while_connected(
    api: Api, services: Services, settings: Settings, quick_polls: None
) -> None:
    late, early = await add(services), await add(services)
    async with reading(api, EVENTS) as stream:
        told = await change(services, early, flags=("x",))
        await stream.evidence()
        await commit_late(settings, services, late, told.updated_at - cursor.OVERLAP / 2)
        event = await stream.evidence()
        assert (event.data["id"], event.data["flags"]) == (late, ["late"])


async def test_a_change_that_becomes_visible_late_is_seen_after_a_cut(
    api: Api, services: Services, settings: Settings
) -> None:
    late, early = await add(services), await add(services)
    async with reading(api, EVENTS) as stream:
        told = await change(services, early, flags=("x",))
        await stream.evidence()
    await commit_late(settings, services, late, told.updated_at - cursor.OVERLAP / 2)
    async with reading(api, EVENTS, stream.last_id) as stream:
        await latest_of(stream, {late: 2})


async def test_an_id_is_never_later_than_what_was_looked_through(
    api: Api, services: Services, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """A signal is lost; a later change is told; the client is cut: the lost one is among what it missed."""
    monkeypatch.setattr(reader, "POLL_SECONDS", 60.0)
    monkeypatch.setattr(cursor, "OVERLAP", timedelta(0))
    for module in ("following", "reader"):
        monkeypatch.setattr(f"gateway.events.{module}.OVERLAP", timedelta(0))
    looked = looked_once_signals_come(monkeypatch)
    lost, told = await add(services), await add(services)
    async with reading(api, EVENTS) as stream:
        await change(services, told, flags=("warm",))
        await stream.evidence()
        await asyncio.wait_for(looked.wait(), 10)
        await change(services, lost, signal=False, flags=("x",))
        await change(services, told, flags=("x",))
        assert (await stream.evidence()).data["id"] == told
    async with reading(api, EVENTS, stream.last_id) as stream:
        await latest_of(stream, {lost: 2})


@pytest.mark.parametrize("last_id", ["x", "!!", "MQ==MQ", "LTE", "9" * 5000, "OTk5OTk5OTk5OTk5OTk5OTk"])
async def test_an_id_that_is_none_of_ours_is_refused(api: Api, last_id: str) -> None:
    async with api.session.get(EVENTS, headers={"Last-Event-ID": last_id}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, "invalid_header")


async def test_an_id_of_long_ago_or_of_the_future_is_no_error(api: Api, services: Services) -> None:
    names = [await add(services) for _ in range(3)]
    async with reading(api, EVENTS, "MA") as stream:  # 1970
        await latest_of(stream, dict.fromkeys(names, 1))
    async with reading(api, EVENTS, "OTAwMDAwMDAwMDAwMDAwMA") as stream:  # 2255
        await change(services, names[0], flags=("x",))
        assert (await stream.evidence()).data["id"] == names[0]
