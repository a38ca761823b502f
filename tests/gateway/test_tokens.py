"""Bearer tokens: whom the issuer vouches for is let in, and nobody else, whatever a token says of itself."""

from typing import Any

import pytest

from config.settings import Settings
from gateway.services import Services
from gateway.tokens import LEEWAY_SECONDS
from tests.gateway.asking import asked_with
from tests.gateway.conftest import OpenApi, running_gateway
from tests.gateway.forgeries import FORGERIES, Forgery
from tests.services.api import Api
from tests.services.issuer import NAME, Issuer, SigningKey


@pytest.fixture
def chosen(issuer: Issuer) -> dict[str, Any]:
    return issuer.settings


@pytest.mark.parametrize("forge", [pytest.param(forge, id=name) for name, forge in FORGERIES.items()])
async def test_what_the_issuer_does_not_vouch_for_is_401(url: str, issuer: Issuer, forge: Forgery) -> None:
    refused = await asked_with(url, forge(issuer))
    assert refused == (401, "token_invalid", 'Bearer error="invalid_token"')


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
async def test_whom_the_issuer_vouches_for_uploads_for_its_centre(
    url: str, issuer: Issuer, algorithm: str
) -> None:
    issuer.keys = [SigningKey("one", algorithm)]
    async with Api(url, issuer.sign()) as teacher:
        evidence = await teacher.send(b"hello", "a.txt")
        assert (await teacher.evidence(evidence))["filename"] == "a.txt"


async def test_another_centres_token_sees_the_404_of_nothing(
    url: str, issuer: Issuer, open_api: OpenApi
) -> None:
    async with Api(url, issuer.sign()) as teacher, Api(url, issuer.sign(centre="GB002")) as stranger:
        upload, evidence = await teacher.create(5)
        assert (await stranger.head(upload)).status == 404
        assert (await stranger.patch(upload, 0, b"hello")).status == 404
        status, body, _ = await stranger.download(evidence)
        assert (status, body) == (404, (await stranger.download("/v1/evidence/none"))[1])
        colleague = await open_api()
        assert (await colleague.patch(upload, 0, b"hello")).status == 204


async def test_roles_that_nobody_knows_are_dropped(url: str, issuer: Issuer) -> None:
    def token(roles: list[object]) -> str:
        return issuer.keys[0].sign(roles=roles)

    known = await asked_with(url, token(["emperor", {"ops": 1}, 7, "ops"]), "/v1/queues")
    assert known[0] == 200
    assert (await asked_with(url, token(["emperor"]), "/v1/queues"))[:2] == (403, "no_role")
    assert (await asked_with(url, token([]), "/v1/evidence"))[:2] == (403, "no_role")


async def test_an_expired_token_is_told_from_an_invalid_one(url: str, issuer: Issuer) -> None:
    assert (await asked_with(url, issuer.sign(-1)))[0] == 200  # the clocks may differ
    refused = await asked_with(url, issuer.sign(-LEEWAY_SECONDS - 1))
    assert refused == (401, "token_expired", 'Bearer error="invalid_token"')
    assert (await asked_with(url, issuer.sign(-60, aud="somebody-else")))[1] == "token_invalid"


async def test_a_token_without_kid_needs_a_key_that_is_the_only_one(url: str, issuer: Issuer) -> None:
    nameless = SigningKey(None, private=issuer.keys[0].private)
    assert (await asked_with(url, nameless.sign(centre="GB001")))[0] == 200


async def test_a_token_without_kid_is_not_tried_with_several_keys(issuer: Issuer, settings: Settings) -> None:
    nameless = SigningKey(None, private=issuer.keys[0].private)
    issuer.keys.append(SigningKey("second"))
    async with running_gateway(settings) as url:
        assert (await asked_with(url, nameless.sign(centre="GB001")))[:2] == (401, "token_invalid")


@pytest.mark.parametrize("chosen", [{}])
async def test_without_an_issuer_no_token_counts(url: str, issuer: Issuer) -> None:
    assert await asked_with(url, issuer.sign()) == (401, "unauthorized", "Bearer")


async def test_a_creation_by_token_says_who_it_was_in_the_audit_trail(
    url: str, issuer: Issuer, services: Services
) -> None:
    async with Api(url, issuer.sign()) as teacher:
        upload, _ = await teacher.create(5)
    stored = await services.uploads.load(upload.rpartition("/")[2], None)
    assert stored.principal_id == f"{NAME}|a.teacher"
