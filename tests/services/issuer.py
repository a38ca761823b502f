"""Who signs in the portals' people: signs tokens and publishes its public keys, on a server of its own."""

import time
from collections.abc import Awaitable, Callable
from typing import Any, Self

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

NAME = "https://sign-in.example"
AUDIENCE = "evidence-intake"

_MAKERS: dict[str, tuple[Callable[[], Any], Callable[..., Any]]] = {
    "RS256": (lambda: rsa.generate_private_key(65537, 2048), RSAAlgorithm.to_jwk),
    "ES256": (lambda: ec.generate_private_key(ec.SECP256R1()), ECAlgorithm.to_jwk),
    "EdDSA": (ed25519.Ed25519PrivateKey.generate, OKPAlgorithm.to_jwk),
}


class SigningKey:
    def __init__(self, kid: str | None, algorithm: str = "ES256", private: Any = None) -> None:
        make, self._to_jwk = _MAKERS[algorithm]
        self.kid = kid
        self.algorithm = algorithm
        self.private = private or make()

    @property
    def jwk(self) -> dict[str, Any]:
        named = {"kid": self.kid} if self.kid else {}
        return self._to_jwk(self.private.public_key(), as_dict=True) | named

    def sign(
        self,
        lifetime: float = 300,
        header: dict[str, Any] | None = None,
        without: tuple[str, ...] = (),
        **claims: Any,
    ) -> str:
        now = int(time.time())
        usual = {"iss": NAME, "aud": AUDIENCE, "sub": "a.teacher", "iat": now, "exp": now + lifetime}
        said = {name: value for name, value in {**usual, **claims}.items() if name not in without}
        named = {"kid": self.kid} if self.kid else {}
        return jwt.encode(said, self.private, self.algorithm, {**named, **(header or {})})


class Issuer:
    """Publishes `keys`, or whatever `answer` says, and counts how often it is asked."""

    def __init__(self) -> None:
        self.keys = [SigningKey("first")]
        self.asked = 0
        self.answer: Callable[[web.Request], Awaitable[web.StreamResponse]] = self._publish
        self._port = 0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/jwks.json"

    @property
    def settings(self) -> dict[str, Any]:
        return {"jwt_issuer": NAME, "jwt_audience": AUDIENCE, "jwt_jwks_url": self.url}

    def sign(self, lifetime: float = 300, **options: Any) -> str:
        return self.keys[0].sign(lifetime, **{"centre": "GB001"} | options)

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/jwks.json", self._count)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    async def _count(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        return await self.answer(request)

    async def _publish(self, _: web.Request) -> web.StreamResponse:
        return web.json_response({"keys": [key.jwk for key in self.keys]})

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
