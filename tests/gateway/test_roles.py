"""Who may do what: keys of a centre, of the board's side, and of nobody."""

import pytest

from tests.gateway.conftest import OpenApi
from tests.services.api import BYTES, TUS, Api

REVIEWING = ["assessment_specialist", "team_leader", "qa_officer", "ops"]
OTHERS = ["auditor", "integration", "centre_user", "exams_officer", "head_of_centre"]


async def statuses(api: Api, upload: str, evidence: str) -> dict[str, int]:
    requests = {
        "list": ("GET", "/v1/evidence", {}),
        "show": ("GET", evidence, {}),
        "create": ("POST", "/v1/uploads", {**TUS, "Upload-Length": "5"}),
        "head": ("HEAD", upload, TUS),
        "patch": ("PATCH", upload, {**BYTES, "Upload-Offset": "0"}),
        "delete": ("DELETE", upload, TUS),
    }
    answered = {}
    for name, (method, path, headers) in requests.items():
        async with api.session.request(method, path, headers=headers) as answer:
            answered[name] = answer.status
    return answered


async def test_a_key_of_no_centre_and_no_role_sees_nothing(api: Api, open_api: OpenApi) -> None:
    upload, evidence = await api.create(5)
    nobody = await open_api(centre=None)
    assert set((await statuses(nobody, upload, evidence)).values()) == {403}
    status, body, _ = await nobody.download("/v1/queues")
    assert (status, b"no_role" in body) == (403, True)
    assert await api.offset(upload) == 0


@pytest.mark.parametrize("role", REVIEWING)
async def test_the_boards_side_reads_evidence_and_touches_no_upload(
    api: Api, open_api: OpenApi, role: str
) -> None:
    upload, evidence = await api.create(5)
    board = await open_api(centre=None, roles=(role,))
    answered = await statuses(board, upload, evidence)
    assert (answered.pop("list"), answered.pop("show")) == (200, 200)
    assert set(answered.values()) == {403}
    assert await api.offset(upload) == 0


@pytest.mark.parametrize("role", OTHERS)
async def test_a_role_that_does_not_review_reads_no_evidence(api: Api, open_api: OpenApi, role: str) -> None:
    upload, evidence = await api.create(5)
    board = await open_api(centre=None, roles=(role,))
    assert set((await statuses(board, upload, evidence)).values()) == {403}


async def test_every_key_of_the_uploads_own_centre_may_go_on_with_it(api: Api, open_api: OpenApi) -> None:
    upload, _ = await api.create(5)
    colleague = await open_api(centre="GB001", roles=("exams_officer",))
    assert (await colleague.patch(upload, 0, b"hello")).status == 204
