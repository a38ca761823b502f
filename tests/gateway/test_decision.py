"""A person decides what becomes of held evidence."""

import pytest

from config.settings import Settings
from gateway.services import Services
from storage.evidence import Change, Evidence
from storage.records.audit import AuditTrail
from storage.records.database import open_database
from storage.states import EvidenceState, StageName
from tests.gateway.conftest import OpenApi
from tests.services.api import Api
from tests.workers.values import CLEAN, SEALED, run_of
from workers.decisions import Content, Ending, ended, scanned

RELEASE = {"decision": "release", "reason": "Looked at it."}


async def put_on_hold(services: Services, api: Api, *, sealed: bool = True) -> str:
    path = await api.send(b"\x89PNG and a tail", "drawing.png")
    content = Content("png", "image/png", "image")
    held = Ending(EvidenceState.HELD, "held_suspicious", {"problem": "another file follows it"})

    def scan(evidence: Evidence) -> Change | None:
        return scanned(evidence, run_of(evidence, StageName.SCAN), CLEAN)

    def hold(evidence: Evidence) -> Change | None:
        seal = SEALED if sealed else CLEAN
        return ended(evidence, run_of(evidence, StageName.VERIFY), held, seal, content)

    for decide in (scan, hold):
        assert await services.evidence.change(path.rpartition("/")[2], decide)
    return path


async def decide(api: Api, path: str, body: object) -> tuple[int, dict]:
    async with api.session.post(f"{path}/decision", json=body) as answer:
        return answer.status, await answer.json()


@pytest.mark.parametrize("role", ["qa_officer", "team_leader"])
async def test_released_evidence_goes_on(services: Services, api: Api, open_api: OpenApi, role: str) -> None:
    path = await put_on_hold(services, api)
    board = await open_api(centre=None, roles=(role,))
    status, evidence = await decide(board, path, RELEASE)
    assert (status, evidence["state"], evidence["code"]) == (200, "verified", None)
    assert "released" in evidence["flags"]
    stages = {stage["name"]: stage["state"] for stage in evidence["stages"]}
    assert (stages["verify"], stages["thumbnail"]) == ("done", "waiting")


async def test_rejected_evidence_tells_its_centre_why(
    services: Services, api: Api, open_api: OpenApi
) -> None:
    path = await put_on_hold(services, api)
    board = await open_api(centre=None, roles=("qa_officer",))
    body = {"decision": "reject", "reason": "The drawing is another pupil's."}
    assert (await decide(board, path, body))[0] == 200
    told = await api.evidence(path)
    assert (told["state"], told["code"]) == ("rejected", "turned_down")
    assert "another pupil's" in told["reason"]


async def test_what_was_not_wholly_scanned_is_never_released(
    services: Services, api: Api, open_api: OpenApi
) -> None:
    path = await put_on_hold(services, api, sealed=False)
    board = await open_api(centre=None, roles=("qa_officer",))
    status, problem = await decide(board, path, RELEASE)
    assert (status, problem["code"]) == (409, "not_releasable")
    assert (await api.evidence(path))["state"] == "held"


async def test_a_decision_is_made_once(services: Services, api: Api, open_api: OpenApi) -> None:
    path = await put_on_hold(services, api)
    board = await open_api(centre=None, roles=("qa_officer",))
    assert (await decide(board, path, RELEASE))[0] == 200
    status, problem = await decide(board, path, {**RELEASE, "decision": "reject"})
    assert (status, problem["code"]) == (409, "not_held")


async def test_only_the_boards_right_roles_decide(services: Services, api: Api, open_api: OpenApi) -> None:
    path = await put_on_hold(services, api)
    clever = await open_api(centre="GB001", roles=("qa_officer",))
    reviewer = await open_api(centre=None, roles=("assessment_specialist",))
    for who in (api, clever, reviewer):
        status, problem = await decide(who, path, RELEASE)
        assert (status, problem["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "release",
        {"decision": "release"},
        {"decision": "release", "reason": "  "},
        {"decision": "burn", "reason": "x"},
        {**RELEASE, "force": True},
        {**RELEASE, "reason": "x" * 2001},
        {**RELEASE, "reason": "x" * 20_000},
    ],
)
async def test_a_malformed_decision_is_refused_in_words(
    services: Services, api: Api, open_api: OpenApi, body: object
) -> None:
    path = await put_on_hold(services, api)
    board = await open_api(centre=None, roles=("qa_officer",))
    status, problem = await decide(board, path, body)
    assert (status, problem["code"]) == (400, "bad_request")
    assert (await api.evidence(path))["state"] == "held"


async def test_a_decision_on_nothing_is_404(open_api: OpenApi) -> None:
    board = await open_api(centre=None, roles=("qa_officer",))
    assert (await decide(board, "/v1/evidence/none", RELEASE))[0] == 404


async def test_the_audit_trail_has_the_persons_reason(
    services: Services, settings: Settings, api: Api, open_api: OpenApi
) -> None:
    path = await put_on_hold(services, api)
    board = await open_api(centre=None, roles=("qa_officer",))
    await decide(board, path, RELEASE)
    async with open_database(settings.database_url) as database:
        last = (await AuditTrail(database).events(path.rpartition("/")[2]))[-1]
    assert (last.kind, last.note["reason"]) == ("released", "Looked at it.")
