"""Requests in any version of the protocol, as bytes on a connection, with every answer to them."""

import dataclasses
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from gateway.services import Services
from storage.evidence import original_key
from tests.gateway.wire import Wire, connected, head_of
from tests.services.api import Api
from tests.storage.blob_contract import read_all

ROOT = "/v1/resumable-uploads"
VERSIONS = (3, 4, 5, 6, 7, 8, 9, None)
PARTIAL = "application/partial-upload"


@dataclasses.dataclass(frozen=True)
class Said:
    """One answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def limits(self) -> dict[str, int]:
        pairs = (pair.split("=") for pair in self.headers["upload-limit"].split(", "))
        return {key: int(value) for key, value in pairs}


def spoken(version: int | str | None, *, complete: bool | None = None, **more: str) -> dict[str, str]:
    """Return the headers of a request in that version."""
    said = {} if version is None else {"Upload-Draft-Interop-Version": str(version)}
    if complete is not None and version == 3:
        said["Upload-Incomplete"] = "?0" if complete else "?1"
    elif complete is not None:
        said["Upload-Complete"] = "?1" if complete else "?0"
    return said | {name.replace("_", "-"): value for name, value in more.items()}


def is_complete(version: int | str | None, said: Said) -> bool:
    """Return what an answer says in that version; it must say something."""
    if version == 3:
        return said.headers["upload-incomplete"] == "?0"
    assert "upload-incomplete" not in said.headers
    return said.headers["upload-complete"] == "?1"


async def answers(wire: Wire, seconds: float = 10) -> list[Said]:
    """Read every interim answer and the final one."""
    read = [Said(*await wire.answer(seconds))]
    while read[-1].status < 200:
        read.append(Said(*await wire.answer(seconds)))
    return read


async def ask(api: Api, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> list[Said]:
    """Ask on a connection of its own and return all answers."""
    length = {} if "Transfer-Encoding" in headers else {"Content-Length": str(len(body))}
    async with connected(api.url) as wire:
        await wire.send(head_of(api, method, path, {**length, **headers}) + body)
        return await answers(wire)


def chunked(*pieces: bytes) -> bytes:
    """Return a whole body of unknown length."""
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces if piece) + b"0\r\n\r\n"


@asynccontextmanager
async def begun(
    api: Api, method: str, path: str, headers: Mapping[str, str], data: bytes
) -> AsyncIterator[Wire]:
    """Send a request's head and the beginning of its body; cut the connection when the context closes."""
    async with connected(api.url) as wire:
        await wire.send(head_of(api, method, path, headers) + data)
        yield wire


async def create(api: Api, version: int | None = None, *, length: int | None = None, **more: str) -> str:
    """Begin an empty upload and return its path."""
    known = {} if length is None else {"Upload-Length": str(length)}
    *_, said = await ask(api, "POST", ROOT, {**spoken(version, complete=False, **more), **known})
    assert said.status == 201, said
    return said.headers["location"].removeprefix(api.url)


async def append(
    api: Api, path: str, first: int, body: bytes, *, complete: bool, version: int | None = None, **more: str
) -> Said:
    typed = {"Content-Type": PARTIAL, "Upload-Offset": str(first)}
    *_, said = await ask(api, "PATCH", path, {**typed, **spoken(version, complete=complete, **more)}, body)
    return said


async def stands(api: Api, path: str, version: int | None = None) -> Said:
    async with api.session.head(path, headers=spoken(version)) as answer:
        return Said(answer.status, {name.lower(): value for name, value in answer.headers.items()}, b"")


async def stored(services: Services, said: Said) -> bytes:
    """The bytes of the evidence that an answer names."""
    evidence_id = said.headers["evidence-location"].rpartition("/")[2]
    return await read_all(services.blobs, original_key(evidence_id))
