"""Streams of those whose bearer is not a key: an issuer's token, which ends, and a grant of one upload."""

from typing import Any

import pytest

from gateway.events import writing
from gateway.services import Services
from tests.gateway.conftest import OpenApi
from tests.gateway.events.reading import add, reading
from tests.services.api import TUS, Api
from tests.services.issuer import Issuer


@pytest.fixture
def chosen(issuer: Issuer) -> dict[str, Any]:
    return issuer.settings


async def test_a_grant_follows_its_own_evidence_and_nothing_else(
    api: Api, open_api: OpenApi, services: Services
) -> None:
    other = await add(services)
    async with api.session.post("/v1/uploads", headers={**TUS, "Upload-Length": "5"}) as answer:
        evidence, grant = answer.headers["Evidence-Location"], answer.headers["Upload-Grant"]
    holder = await open_api(key=grant)
    async with reading(holder, f"{evidence}/events") as stream:
        assert (await stream.evidence()).data["state"] == "receiving"
    for path in (f"/v1/evidence/{other}/events", "/v1/events"):
        assert (await holder.download(path))[0] == 401


async def test_a_stream_ends_when_its_token_has_expired(
    issuer: Issuer, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "HEARTBEAT_SECONDS", 0.2)
    async with Api(url, issuer.sign(0)) as teacher:  # good within the leeway only
        _, evidence = await teacher.create(5)
        async with (
            reading(teacher, "/v1/events") as centre,
            reading(teacher, f"{evidence}/events") as own,
        ):
            await own.evidence()
            await centre.ended(15)
            await own.ended(15)
            assert centre.comments > 1
        assert (await teacher.download("/v1/events"))[0] == 401
        async with reading(teacher, f"{evidence}/events") as granted:  # what the token began
            await granted.evidence()
