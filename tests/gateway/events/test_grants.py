"""A grant follows its own evidence, and nothing else."""

from gateway.services import Services
from tests.gateway.conftest import OpenApi
from tests.gateway.events.reading import add, reading
from tests.services.api import TUS, Api


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
