"""Bearer tokens (JWT, RFC 7519) of the portals' issuer, checked as RFC 8725 asks.

Only the algorithms of the settings count, and only keys that the issuer published: whatever a token's own
header brings (`jwk`, `jku`, `x5u`) is not looked at.
"""

import math
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import jwt
from jwt import PyJWK

from config.settings import Settings
from gateway.jwks import IssuerKeys, open_issuer_keys
from gateway.problems import Problem
from storage.records.principals import Principal, Role, is_centre_id

#: Seconds that the issuer's clock may differ from ours.
LEEWAY_SECONDS = 5.0

#: Longest token that is looked at, in characters.
LONGEST_TOKEN = 8192

#: Longest `sub`, in characters (OpenID Connect Core, section 2).
_LONGEST_SUBJECT = 255

_FORM = re.compile(r"[\w-]+\.[\w-]+\.[\w-]*", re.ASCII)

#: What reading JSON and numbers that anybody may have written can raise, besides the library's own errors.
_MALFORMED = (jwt.PyJWTError, ValueError, TypeError, RecursionError, OverflowError)


@dataclass(frozen=True, slots=True)
class Token:
    """A token of our issuer, meant for us."""

    principal: Principal
    #: It was good once: it begins nothing any more, and uploads that it began go on.
    expired: bool


class Tokens:
    """Reads the tokens of one issuer."""

    def __init__(self, settings: Settings, keys: IssuerKeys) -> None:
        self._settings = settings
        self._keys = keys

    async def read(self, text: str) -> Token:
        """Return whom a token stands for. Raises `Problem`: 401, or 503 while the keys cannot be had."""
        kid, algorithm = parse_header(text, self._settings)
        key = await self._keys.find(kid, algorithm)
        if key is None:
            raise invalid_token()
        return token_of(parse_claims(text, key, self._settings), self._settings, time.time())


@asynccontextmanager
async def open_tokens(settings: Settings) -> AsyncIterator[Tokens | None]:
    """Open the issuer of the settings; `None` without one."""
    if not settings.jwt_jwks_url:
        yield None
        return
    async with open_issuer_keys(settings.jwt_jwks_url, settings.jwt_algorithms) as keys:
        yield Tokens(settings, keys)


def is_token(text: str) -> bool:
    """Tell whether a bearer's text has a token's form: three parts of Base64url."""
    return _FORM.fullmatch(text) is not None


def invalid_token(code: str = "token_invalid") -> Problem:
    """Return the 401 for a token that does not count (RFC 6750, section 3.1)."""
    return Problem(code, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})


def parse_header(text: str, settings: Settings) -> tuple[str | None, str]:
    """Return the key's id and the algorithm that a token names. Raises `Problem` (401)."""
    if len(text) > LONGEST_TOKEN:
        raise invalid_token()
    try:
        header = jwt.get_unverified_header(text)
    except _MALFORMED as error:
        raise invalid_token() from error
    kid, algorithm = header.get("kid"), header.get("alg")
    if algorithm not in settings.jwt_algorithms or not isinstance(kid, str | None):
        raise invalid_token()
    return kid, algorithm


def parse_claims(text: str, key: PyJWK, settings: Settings) -> Mapping[str, Any]:
    """Check all of a token but its expiry, and return its claims. Raises `Problem` (401)."""
    try:
        claims: Mapping[str, Any] = jwt.decode(
            text,
            key,
            algorithms=[key.algorithm_name],
            issuer=settings.jwt_issuer,
            audience=settings.jwt_audience,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iss", "aud", "sub"], "verify_exp": False},
        )
    except _MALFORMED as error:
        raise invalid_token() from error
    return claims


def token_of(claims: Mapping[str, Any], settings: Settings, now: float) -> Token:
    """Return what checked claims say at `now` (seconds since 1970). Raises `Problem` (401).

    A claim of the wrong type makes the whole token worthless: taken for missing, a centre that nobody
    understands would put its sender on the board's side.
    """
    expires_at, subject = claims["exp"], claims["sub"]
    centre_id = claims.get(settings.jwt_centre_claim)
    roles = claims.get(settings.jwt_roles_claim, [])
    understood = (
        _is_time(expires_at),
        _is_subject(subject),
        centre_id is None or is_centre_id(centre_id),
        isinstance(roles, list),
    )
    if not all(understood):
        raise invalid_token()
    known = frozenset(Role) & {role for role in roles if isinstance(role, str)}
    principal = Principal(f"{settings.jwt_issuer}|{subject}", "person", known, centre_id)
    return Token(principal, expired=now >= expires_at + LEEWAY_SECONDS)


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_subject(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_SUBJECT and value.isprintable()
