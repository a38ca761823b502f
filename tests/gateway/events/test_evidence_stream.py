"""Following one piece of evidence."""

import json

import pytest

from gateway.services import Services
from storage.states import EvidenceState
from tests.gateway.conftest import OpenApi
from tests.gateway.events.reading import add, change, reading
from tests.services.api import Api


def path_of(evidence_id: str) -> str:
    return f"/v1/evidence/{evidence_id}/events"


async def test_it_begins_with_what_the_evidence_is_and_goes_on_with_every_change(
    api: Api, services: Services
) -> None:
    evidence_id = await add(services)
    async with reading(api, path_of(evidence_id)) as stream:
        first = await stream.evidence()
        assert (first.id, first.data["state"]) == ("1", "receiving")
        await change(services, evidence_id, state=EvidenceState.RECEIVED)
        second = await stream.evidence()
        assert (second.id, second.data["state"]) == ("2", "received")
        assert second.data == await api.evidence(f"/v1/evidence/{evidence_id}")


async def test_its_headers_keep_proxies_from_holding_it_back(api: Api, services: Services) -> None:
    async with reading(api, path_of(await add(services))) as stream:
        headers = stream.answer.headers
        assert headers["Content-Type"] == "text/event-stream"
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Accel-Buffering"] == "no"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Request-Id"]


async def test_other_evidence_is_not_in_it(api: Api, services: Services) -> None:
    evidence_id, other = await add(services), await add(services)
    async with reading(api, path_of(evidence_id)) as stream:
        await stream.evidence()
        await change(services, other, state=EvidenceState.RECEIVED)
        await change(services, evidence_id, flags=("mine",))
        assert (await stream.evidence()).data["id"] == evidence_id


@pytest.mark.parametrize("state", [EvidenceState.WITHDRAWN, EvidenceState.EXPIRED, EvidenceState.REJECTED])
async def test_it_ends_with_the_evidences_end_and_whoever_knows_that_is_told_not_to_come_back(
    api: Api, services: Services, state: EvidenceState
) -> None:
    evidence_id = await add(services)
    async with reading(api, path_of(evidence_id)) as stream:
        await stream.evidence()
        await change(services, evidence_id, state=state, code="upload_cancelled")
        assert (await stream.evidence()).data["state"] == state
        await stream.ended()
        last_id = stream.last_id
    async with api.session.get(path_of(evidence_id), headers={"Last-Event-ID": str(last_id)}) as answer:
        assert (answer.status, await answer.read()) == (204, b"")
        assert answer.headers["Cache-Control"] == "no-store"


async def test_whoever_missed_the_end_is_told_it_once(api: Api, services: Services) -> None:
    evidence_id = await add(services)
    await change(services, evidence_id, state=EvidenceState.WITHDRAWN)
    for last_id in ("1", None, "77"):
        async with reading(api, path_of(evidence_id), last_id) as stream:
            assert (await stream.evidence()).id == "2"
            await stream.ended()


async def test_whoever_resumes_is_not_told_what_he_knows(api: Api, services: Services) -> None:
    evidence_id = await add(services)
    async with reading(api, path_of(evidence_id), "1") as stream:
        await change(services, evidence_id, flags=("new",))
        assert (await stream.evidence()).id == "2"


async def test_changes_during_a_cut_are_told_after_it_as_the_latest_one(api: Api, services: Services) -> None:
    evidence_id = await add(services)
    async with reading(api, path_of(evidence_id)) as stream:
        await stream.evidence()
    for number in range(20):
        await change(services, evidence_id, flags=(str(number),))
    async with reading(api, path_of(evidence_id), stream.last_id) as stream:
        assert (await stream.evidence()).data["flags"] == ["19"]


@pytest.mark.parametrize("last_id", ["0", "-1", "x", "1.0", "9" * 40, "\u0661", "1 2"])
async def test_an_id_that_is_none_of_ours_is_refused(api: Api, services: Services, last_id: str) -> None:
    evidence_id = await add(services)
    headers = {"Last-Event-ID": last_id}
    async with api.session.get(path_of(evidence_id), headers=headers) as answer:
        assert answer.status == 400
        assert (await answer.json())["code"] == "invalid_header"


async def test_another_centres_evidence_answers_as_none_at_all(
    api: Api, services: Services, open_api: OpenApi
) -> None:
    foreign = await add(services, centre_id="GB999")
    told = []
    for evidence_id in (foreign, "0199aaaa-0000-7000-8000-000000000001", "..%2f", "x" * 500):
        status, body, _ = await api.download(path_of(evidence_id))
        told.append((status, {**json.loads(body), "request_id": None}))
    assert {status for status, _ in told} == {404}
    assert told[0] == told[1] == told[2] == told[3]
    board = await open_api(centre=None, roles=("qa_officer",))
    async with reading(board, path_of(foreign)) as stream:
        assert (await stream.evidence()).data["id"] == foreign


async def test_without_a_key_or_a_role_there_is_no_stream(
    api: Api, services: Services, open_api: OpenApi
) -> None:
    evidence_id = await add(services)
    for client, status in (
        (await open_api(key="wrong"), 401),
        (await open_api(centre=None, roles=("auditor",)), 403),
    ):
        for path in (path_of(evidence_id), "/v1/events"):
            assert (await client.download(path))[0] == status


@pytest.mark.parametrize("method", ["HEAD", "POST", "DELETE"])
async def test_it_answers_get_only(api: Api, services: Services, method: str) -> None:
    for path in (path_of(await add(services)), "/v1/events"):
        async with api.session.request(method, path) as answer:
            assert (answer.status, answer.headers["Allow"]) == (405, "GET")
