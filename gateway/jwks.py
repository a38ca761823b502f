"""The issuer's public keys (JWKS, RFC 7517): fetched, kept, and fetched again when there may be new ones."""

import asyncio
import json
import math
import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from gateway.problems import Problem

#: Keys are fetched this often, so that one the issuer withdrew is good for no longer than this.
FRESH_SECONDS = 300.0

#: And for a key that is not among them, never sooner than this after the last time.
PAUSE_SECONDS = 5.0

_FETCH_SECONDS = 5.0
_LARGEST_BYTES = 256 * 1024
_MOST_KEYS = 64

#: Smallest RSA key in bits (RFC 7518, section 3.3); larger than the largest costs too much to check with.
_RSA_BITS = range(2048, 8193)

#: Kind and curve of the key that each algorithm needs (RFC 7518, section 3.1; RFC 8037).
_FITTING: dict[str, tuple[str, str | None]] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), ("RSA", None)),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "EdDSA": ("OKP", "Ed25519"),
}

Keys = Sequence[PyJWK]

_log = structlog.get_logger()


def parse_keys(body: bytes, algorithms: Collection[str]) -> Keys:
    """Return every key of the set, once for each of the algorithms that it is good for.

    What is no public signature key of a known kind is passed over (RFC 7517, section 5). Raises `ValueError`
    for what is no key set.
    """
    try:
        found = json.loads(body)["keys"]
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise ValueError("no JSON object with keys") from error
    if not isinstance(found, list) or len(found) > _MOST_KEYS:
        raise ValueError(f"no list of at most {_MOST_KEYS} keys")
    made = (_key(data, name) for data in found for name in algorithms if _fits(data, name))
    return tuple(key for key in made if key is not None)


def choose(keys: Keys, kid: str | None, algorithm: str) -> PyJWK | None:
    """Return the one key for a token's header; `None` for none, and for several: nobody guesses."""
    fitting = [key for key in keys if key.algorithm_name == algorithm and kid in {None, key.key_id}]
    return fitting[0] if len(fitting) == 1 else None


def _fits(data: object, algorithm: str) -> bool:
    return (
        isinstance(data, dict)
        and (data.get("kty"), data.get("crv")) == _FITTING[algorithm]
        and data.get("use", "sig") == "sig"
        and data.get("alg", algorithm) == algorithm
        and isinstance(data.get("kid"), str | None)
    )


def _key(data: dict[str, Any], algorithm: str) -> PyJWK | None:
    try:
        key = PyJWK(data, algorithm)
    except (PyJWTError, ValueError, TypeError, OverflowError):
        return None
    if _FITTING[algorithm][0] == "RSA" and key.key.key_size not in _RSA_BITS:
        return None
    return key


class IssuerKeys:
    """The keys as the issuer told them last; they stay good while it does not answer."""

    def __init__(self, source: str, algorithms: Collection[str]) -> None:
        self._source = source
        self._algorithms = algorithms
        self._keys: Keys | None = None
        self._asked_at = float("-inf")
        self._asking = asyncio.Lock()

    async def find(self, kid: str | None, algorithm: str) -> PyJWK | None:
        """Return the key for a token's header, `None` when the issuer has none.

        The issuer is asked for a key that is not known, at most once in `PAUSE_SECONDS` whoever asks.
        Raises `Problem` (503) while no keys could be had at all.
        """
        key = choose(self._keys or (), kid, algorithm)
        if key is None:
            await self._refresh()
            key = choose(self._keys or (), kid, algorithm)
        if self._keys is None:
            raise Problem("sign_in_unavailable", headers={"Retry-After": str(math.ceil(PAUSE_SECONDS))})
        return key

    async def keep_fresh(self) -> None:
        """Fetch the keys again and again, until cancelled."""
        while True:
            await self._refresh()
            await asyncio.sleep(PAUSE_SECONDS if self._keys is None else FRESH_SECONDS)

    async def _refresh(self) -> None:
        async with self._asking:
            if time.monotonic() - self._asked_at < PAUSE_SECONDS:
                return
            try:
                self._keys = parse_keys(await _read(self._source), self._algorithms)
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
                _log.warning("issuer_keys_not_had", error=type(error).__name__, known=self._keys is not None)
            finally:
                self._asked_at = time.monotonic()


@asynccontextmanager
async def open_issuer_keys(source: str, algorithms: Collection[str]) -> AsyncIterator[IssuerKeys]:
    """Keep the keys at `source`, a URL or a file's path, fresh until the context closes."""
    keys = IssuerKeys(source, algorithms)
    async with asyncio.TaskGroup() as tasks:
        refreshing = tasks.create_task(keys.keep_fresh())
        try:
            yield keys
        finally:
            refreshing.cancel()


async def _read(source: str) -> bytes:
    async with asyncio.timeout(_FETCH_SECONDS):
        return await (_download(source) if "://" in source else asyncio.to_thread(_read_file, source))


async def _download(url: str) -> bytes:
    """Fetch a URL as it is: a redirection or a compressed answer is none that we asked for."""
    async with (
        aiohttp.ClientSession(auto_decompress=False, headers={"Accept-Encoding": "identity"}) as session,
        session.get(url, allow_redirects=False) as answer,
    ):
        if answer.status != 200:
            raise ValueError(f"the issuer answers {answer.status}")
        try:
            await answer.content.readexactly(_LARGEST_BYTES + 1)
        except asyncio.IncompleteReadError as end:
            return end.partial
    raise ValueError(f"more than {_LARGEST_BYTES} bytes")


def _read_file(path: str) -> bytes:
    with Path(path).open("rb") as file:
        return file.read(_LARGEST_BYTES)
