"""Redis and a gateway for a module's tests; nothing works on what arrives, so that it stays to be seen."""

import hashlib
import json
import random
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.services.api import Api
from tests.services.intake import Intake, lone_gateway
from tests.services.ports import free_port

#: No multiple of a chunk: tus-js-client 4.3.1 in Node.js waits for ever when a stream ends with a full one.
FILM_BYTES = 50_000_003


@dataclass(frozen=True)
class Films:
    """Files to send, of 50 MB each; what is in them is nothing but different everywhere."""

    folder: Path
    sha256: dict[str, str]


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Films:
    folder = tmp_path_factory.mktemp("films")
    sha256 = {}
    for seed, name in enumerate(("dance.mp4", "drama.mp4")):
        data = random.Random(seed).randbytes(FILM_BYTES)
        (folder / name).write_bytes(data)
        sha256[name] = hashlib.sha256(data).hexdigest()
    return Films(folder, sha256)


@pytest.fixture(scope="module")
def portal_port() -> int:
    """Where the portal's pages come from: not the gateway's origin."""
    return free_port()


@pytest.fixture(scope="module")
def intake(portal_port: int) -> Iterator[Intake]:
    with lone_gateway(cors_origins=json.dumps([f"http://127.0.0.1:{portal_port}"])) as intake:
        intake.start_gateway()
        yield intake


@pytest.fixture
async def api(intake: Intake) -> AsyncIterator[Api]:
    async with Api(intake.url, intake.key) as client:
        yield client


@pytest.fixture
async def stored(intake: Intake, api: Api) -> "Stored":
    return Stored(intake, api)


@dataclass(frozen=True)
class Stored:
    """What the gateway keeps of an upload that its client takes for finished."""

    intake: Intake
    api: Api

    async def sha256(self, uploads: Sequence[dict[str, Any]]) -> list[str]:
        """Return the digests of the originals."""
        return [await self._one(upload) for upload in uploads]

    async def _one(self, upload: dict[str, Any]) -> str:
        path = "/v1" + upload["url"].partition("/v1")[2]
        answer = await self.api.head(path)
        assert answer.headers["Upload-Offset"] == answer.headers["Upload-Length"] == str(FILM_BYTES)
        evidence = await self.api.evidence(answer.headers["Evidence-Location"])
        assert evidence["state"] == "received"
        (blob,) = (self.intake.folder / "store" / "blobs").glob(f"*/{evidence['id']}/original*")
        with blob.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
