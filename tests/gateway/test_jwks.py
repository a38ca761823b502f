"""The issuer's keys: fetched in time, kept while it is down, and not asked for by whoever makes up names."""

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import ValidationError
from structlog.testing import capture_logs

from config.settings import Settings
from gateway import jwks
from gateway.jwks import parse_keys
from tests.gateway.asking import asked_with
from tests.gateway.conftest import OpenApi, running_gateway
from tests.services.api import Api, until
from tests.services.issuer import AUDIENCE, NAME, Issuer, SigningKey


@pytest.fixture
def chosen(issuer: Issuer) -> dict[str, Any]:
    return issuer.settings


@pytest.fixture(scope="module")
def rsa_key() -> SigningKey:
    return SigningKey("rsa", "RS256")


async def test_the_issuers_new_key_is_fetched_and_its_old_one_forgotten(
    url: str, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jwks, "PAUSE_SECONDS", 0.0)
    old = issuer.sign()
    assert (await asked_with(url, old))[0] == 200
    issuer.keys = [SigningKey("second")]
    assert (await asked_with(url, issuer.sign()))[0] == 200
    assert (await asked_with(url, old))[:2] == (401, "token_invalid")


async def test_a_flood_of_unknown_keys_makes_no_flood_of_questions(url: str, issuer: Issuer) -> None:
    await asked_with(url, issuer.sign())
    asked = issuer.asked
    floods = (issuer.sign(header={"kid": f"kid{number}"}) for number in range(100))
    answers = await asyncio.gather(*(asked_with(url, token) for token in floods))
    assert {status for status, _, _ in answers} == {401}
    assert issuer.asked - asked <= 2
    assert (await asked_with(url, issuer.sign()))[0] == 200


async def test_while_the_issuer_never_answered_tokens_wait_and_keys_work(
    issuer: Issuer, settings: Settings, open_api: OpenApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jwks, "PAUSE_SECONDS", 0.1)
    await issuer.stop()
    async with running_gateway(settings) as url:
        key = (await open_api()).session.headers["Authorization"].removeprefix("Bearer ")
        with capture_logs() as logs:
            assert (await asked_with(url, issuer.sign()))[:2] == (503, "sign_in_unavailable")
        (told,) = [log for log in logs if log["event"].startswith("request")]
        assert (told["log_level"], told["code"], "exc_info" in told) == (
            "warning",
            "sign_in_unavailable",
            False,
        )
        assert (await asked_with(url, issuer.sign(-60)))[:2] == (503, "sign_in_unavailable")
        assert (await asked_with(url, key))[0] == 200
        await issuer.start()

        async def is_in() -> bool:
            return (await asked_with(url, issuer.sign()))[0] == 200

        await until(is_in)


async def test_known_keys_stay_good_while_the_issuer_is_down(
    url: str, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jwks, "PAUSE_SECONDS", 0.0)
    assert (await asked_with(url, issuer.sign()))[0] == 200
    await issuer.stop()
    assert (await asked_with(url, issuer.sign(header={"kid": "new"})))[:2] == (401, "token_invalid")
    assert (await asked_with(url, issuer.sign()))[0] == 200


async def huge(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(64):
        await response.write(b" " * 65536)
    return response


async def slow(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(50):
        await response.write(b" ")
        await asyncio.sleep(0.1)
    return response


async def redirecting(_: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("/elsewhere")


BOMB = gzip.compress(b" " * (64 << 20), 1)


async def bomb(_: web.Request) -> web.StreamResponse:
    return web.Response(body=BOMB, headers={"Content-Encoding": "gzip"})


async def too_deep(_: web.Request) -> web.StreamResponse:
    return web.Response(text='{"keys":' + "[" * 100_000)


async def no_keys(_: web.Request) -> web.StreamResponse:
    return web.json_response({"keys": "none"})


async def failing(_: web.Request) -> web.StreamResponse:
    return web.Response(status=500)


@pytest.mark.parametrize("answer", [huge, slow, redirecting, bomb, too_deep, no_keys, failing])
async def test_an_issuer_that_answers_nonsense_has_no_keys(
    issuer: Issuer, settings: Settings, monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    monkeypatch.setattr(jwks, "_FETCH_SECONDS", 0.5)
    issuer.answer = answer
    async with running_gateway(settings) as url:
        async with asyncio.timeout(3):
            assert (await asked_with(url, issuer.sign()))[:2] == (503, "sign_in_unavailable")
        async with Api(url, "") as nobody:
            assert (await nobody.download("/livez"))[0] == 200


async def test_keys_may_be_in_a_file(issuer: Issuer, settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": [issuer.keys[0].jwk]}))
    local = Settings(**settings.model_dump() | {"jwt_jwks_url": str(file)})
    async with running_gateway(local) as url:
        assert (await asked_with(url, issuer.sign()))[0] == 200
    assert issuer.asked == 0


class TestParseKeys:
    def test_only_public_signature_keys_of_known_kinds_count(self, rsa_key: SigningKey) -> None:
        small = SigningKey("small", "RS256", rsa.generate_private_key(65537, 1024)).jwk
        elliptic = SigningKey("ec").jwk
        passed_over = [
            small,
            {**rsa_key.jwk, "use": "enc"},
            {**rsa_key.jwk, "alg": "RS512"},
            {**rsa_key.jwk, "n": "!"},
            {**elliptic, "x": "AAAA"},
            {**elliptic, "crv": "P-521"},
            {**elliptic, "kid": ["ec"]},
            {"kty": "oct", "k": "AAAA", "kid": "shared"},
            {"kty": "RSA"},
            None,
            "key",
        ]
        body = json.dumps({"keys": [*passed_over, rsa_key.jwk, elliptic]}).encode()
        found = parse_keys(body, ("RS256", "ES256", "EdDSA"))
        assert [(key.key_id, key.algorithm_name) for key in found] == [("rsa", "RS256"), ("ec", "ES256")]

    @pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"keys": {}}', b"\xff", b"[" * 100_000])
    def test_what_is_no_key_set_is_refused(self, body: bytes) -> None:
        with pytest.raises(ValueError, match="keys"):
            parse_keys(body, ("ES256",))

    def test_two_keys_of_one_name_are_none(self) -> None:
        body = json.dumps({"keys": [SigningKey("same").jwk, SigningKey("same").jwk]}).encode()
        assert jwks.choose(parse_keys(body, ("ES256",)), "same", "ES256") is None


TRUSTED = {"jwt_issuer": NAME, "jwt_audience": AUDIENCE, "jwt_jwks_url": "https://issuer.example/keys"}


class TestSettings:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"jwt_issuer": ""},
            {"jwt_audience": ""},
            {"jwt_jwks_url": ""},
            {"jwt_jwks_url": "http://issuer.example/keys"},
            {"jwt_jwks_url": "file:///etc/keys"},
            {"jwt_algorithms": ("none",)},
            {"jwt_algorithms": ("RS256", "HS256")},
        ],
    )
    def test_an_issuer_that_cannot_be_trusted_is_refused(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            Settings(**TRUSTED | wrong)

    @pytest.mark.parametrize("url", ["https://issuer.example/keys", "http://[::1]:1/keys", "/etc/keys.json"])
    def test_an_issuer_that_can_be_is_taken(self, url: str) -> None:
        assert Settings(**TRUSTED | {"jwt_jwks_url": url}).jwt_jwks_url == url
