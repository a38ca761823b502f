"""Tokens that must not count, by what is wrong with them."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm

from gateway.tokens import LONGEST_TOKEN
from tests.services.issuer import AUDIENCE, NAME, Issuer, SigningKey

Forgery = Callable[[Issuer], str]


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
