"""Bearer tokens: whom the issuer vouches for is let in, and nobody else, whatever a token says of itself."""

import asyncio
import base64
import gzip
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm
from pydantic import ValidationError

from config.settings import Settings
from gateway import jwks
from gateway.jwks import parse_keys
from gateway.tokens import LEEWAY_SECONDS, LONGEST_TOKEN
from tests.gateway.conftest import OpenApi, running_gateway
from tests.services.api import TUS, Api, until
from tests.services.issuer import AUDIENCE, NAME, Issuer, SigningKey

Forgery = Callable[[Issuer], str]


@pytest.fixture
def chosen(issuer: Issuer) -> dict[str, Any]:
    return issuer.settings


@pytest.fixture(scope="module")
def rsa_key() -> SigningKey:
    return SigningKey("rsa", "RS256")


async def asked_with(url: str, token: str, path: str = "/v1/evidence") -> tuple[int, str, str]:
    """Status, code and challenge of an answer."""
    async with Api(url, token) as api, api.session.get(path) as answer:
        code = (await answer.json())["code"] if answer.status >= 400 else ""
        return answer.status, code, answer.headers.get("WWW-Authenticate", "")


def part(value: object) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def claims(**others: object) -> dict[str, object]:
    now = int(time.time())
    return {"iss": NAME, "aud": AUDIENCE, "sub": "x", "exp": now + 60, "centre": "GB001", **others}


def shared_secret(issuer: Issuer, secret: bytes, algorithm: str = "HS256") -> str:
    """A token that takes the public key for a shared secret."""
    signed = f"{part({'alg': algorithm, 'kid': 'first'})}.{part(claims())}"
    return f"{signed}.{part(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def signed(issuer: Issuer, payload: bytes) -> str:
    """A token whose signature is good, whatever it says."""
    said = f"{part({'alg': 'ES256', 'kid': 'first'})}.{part(payload)}"
    return f"{said}.{part(ECAlgorithm(ECAlgorithm.SHA256).sign(said.encode(), issuer.keys[0].private))}"


def pem(issuer: Issuer) -> bytes:
    public = issuer.keys[0].private.public_key()
    return bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def embedding(name: str) -> Forgery:
    """A token of somebody else's key that brings that key along."""

    def forge(_: Issuer) -> str:
        own = SigningKey("first")
        value = {"jwk": own.jwk, "x5c": ["AAAA"]}.get(name, "http://127.0.0.1:1/keys")
        return own.sign(header={name: value}, centre="GB001")

    return forge


def unsigned(algorithm: object) -> Forgery:
    return lambda _: f"{part({'alg': algorithm, 'kid': 'first'})}.{part(claims())}."


def tampered(issuer: Issuer) -> str:
    header, _, signature = issuer.sign().split(".")
    return f"{header}.{part(claims(centre='GB002'))}.{signature}"


FORGERIES: dict[str, Forgery] = {
    "alg none": unsigned("none"),
    "alg None": unsigned("None"),
    "no alg": unsigned(None),
    "alg a list": unsigned(["ES256"]),
    "no signature": lambda issuer: issuer.sign().rpartition(".")[0] + ".",
    "public key as secret": lambda issuer: shared_secret(issuer, pem(issuer)),
    "JWK as secret": lambda issuer: shared_secret(issuer, json.dumps(issuer.keys[0].jwk).encode()),
    "empty secret": lambda issuer: shared_secret(issuer, b""),
    "another one's key": lambda _: SigningKey("first").sign(centre="GB001"),
    "brings its key": embedding("jwk"),
    "names an address of its key": embedding("jku"),
    "names an address of its certificate": embedding("x5u"),
    "brings a certificate": embedding("x5c"),
    "unknown kid": lambda issuer: issuer.sign(header={"kid": "another"}),
    "kid a number": lambda issuer: f"{part({'alg': 'ES256', 'kid': 1})}.{issuer.sign().partition('.')[2]}",
    "another algorithm of that key's": lambda issuer: (
        f"{part({'alg': 'ES384', 'kid': 'first'})}.{issuer.sign().partition('.')[2]}"
    ),
    "RSA with the kid of an elliptic key": lambda _: SigningKey("first", "RS256").sign(centre="GB001"),
    "tampered": tampered,
    "wrong audience": lambda issuer: issuer.sign(aud="somebody-else"),
    "audience an object": lambda issuer: issuer.sign(aud={"a": AUDIENCE}),
    "wrong issuer": lambda issuer: issuer.sign(iss="https://elsewhere.example"),
    "issuer a list": lambda issuer: signed(issuer, json.dumps(claims(iss=[NAME])).encode()),
    "no exp": lambda issuer: issuer.sign(without=("exp",)),
    "no sub": lambda issuer: issuer.sign(without=("sub",)),
    "no aud": lambda issuer: issuer.sign(without=("aud",)),
    "no iss": lambda issuer: issuer.sign(without=("iss",)),
    "exp text": lambda issuer: issuer.sign(exp="99999999999"),
    "exp true": lambda issuer: issuer.sign(exp=True),
    "exp null": lambda issuer: issuer.sign(exp=None),
    "exp NaN": lambda issuer: issuer.sign(exp=float("nan")),
    "exp endless": lambda issuer: issuer.sign(exp=float("inf")),
    "nbf endless": lambda issuer: issuer.sign(nbf=float("inf")),
    "not yet": lambda issuer: issuer.sign(nbf=int(time.time()) + 60),
    "issued in the future": lambda issuer: issuer.sign(iat=int(time.time()) + 60),
    "sub empty": lambda issuer: issuer.sign(sub=""),
    "sub half a character": lambda issuer: issuer.sign(sub="\ud800"),
    "sub with NUL": lambda issuer: issuer.sign(sub="a\0b"),
    "sub endless": lambda issuer: issuer.sign(sub="a" * 256),
    "centre a number": lambda issuer: issuer.sign(centre=1),
    "centre a list": lambda issuer: issuer.sign(centre=["GB001"]),
    "centre true": lambda issuer: issuer.sign(centre=True),
    "centre empty": lambda issuer: issuer.sign(centre="", roles=["ops"]),
    "centre of space": lambda issuer: issuer.sign(centre=" GB001"),
    "centre of two lines": lambda issuer: issuer.sign(centre="GB001\n"),
    "centre endless": lambda issuer: issuer.sign(centre="G" * 65),
    "roles text": lambda issuer: issuer.sign(roles="ops"),
    "roles an object": lambda issuer: issuer.sign(roles={"ops": True}),
    "critical extension": lambda issuer: issuer.sign(header={"crit": ["exp"]}),
    "header no object": lambda issuer: f"{part([1])}.{part(claims())}.AAAA",
    "header too deep": lambda issuer: f"{part(b'[' * 3000)}.{part(claims())}.AAAA",
    "nothing at all": lambda _: "a.b.c",
    "claims too deep": lambda issuer: signed(issuer, b"[" * 4000),
    "claims no object": lambda issuer: signed(issuer, b"[1]"),
    "claims no text": lambda issuer: signed(issuer, b"\xff"),
    "too long": lambda issuer: issuer.sign(padding="x" * LONGEST_TOKEN),
}


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
        assert (await asked_with(url, issuer.sign()))[:2] == (503, "sign_in_unavailable")
        assert (await asked_with(url, issuer.sign(-60)))[:2] == (503, "sign_in_unavailable")
        assert (await asked_with(url, key))[0] == 200
        await issuer.start()

        async def is_in() -> bool:
            return (await asked_with(url, issuer.sign()))[0] == 200

        await until(is_in, 5)


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


async def bomb(_: web.Request) -> web.StreamResponse:
    body = gzip.compress(b" " * (64 << 20))
    return web.Response(body=body, headers={"Content-Encoding": "gzip"})


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


@pytest.mark.parametrize("chosen", [{}])
async def test_without_an_issuer_no_token_counts(url: str, issuer: Issuer) -> None:
    assert await asked_with(url, issuer.sign()) == (401, "unauthorized", "Bearer")


async def test_a_creation_by_token_says_who_it_was_in_the_audit_trail(
    url: str, issuer: Issuer, services: Any
) -> None:
    async with Api(url, issuer.sign()) as teacher:
        upload, _ = await teacher.create(5, **TUS)
    stored = await services.uploads.load(upload.rpartition("/")[2], None)
    assert stored.principal_id == f"{NAME}|a.teacher"


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
