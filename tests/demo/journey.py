"""One file's way: uploaded in chunks, cut and resumed if it is to be, then watched until its end."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.demo.client import Client, size_of

#: States in which the service still has something to do.
ON_ITS_WAY = frozenset({"receiving", "received", "scanned", "verified"})
POLL_SECONDS = 0.15
END_SECONDS = 150


@dataclass(frozen=True, slots=True)
class Journey:
    """How it went."""

    name: str
    file: Path
    evidence: dict[str, Any]
    #: From the first byte to the end state.
    seconds: float
    #: Where the connection was lost and the upload resumed; `None`: it never was.
    resumed_at_bytes: int | None = None


#: Told what happens: a word for what is going on, and how much of it is done, 0 to 1.
Watch = Callable[[str, float], None]


async def travel(client: Client, file: Path, watch: Watch, *, cut: bool) -> Journey:
    """Upload the file and wait for its end.

    After `END_SECONDS` it is taken as it is. Raises `AssertionError` when the service's offset is a lie.
    """
    began = time.monotonic()
    upload, evidence = await client.create(file.name, size_of(file))
    resumed_at = await _lose_half(client, upload, file) if cut else None
    await _send_rest(client, upload, file, watch, offset=resumed_at or 0)
    found = await _until_its_end(client, evidence, watch, deadline=began + END_SECONDS)
    return Journey(file.name, file, found, time.monotonic() - began, resumed_at)


async def _send_rest(client: Client, upload: str, file: Path, watch: Watch, *, offset: int) -> None:
    verb = "resuming" if offset else "uploading"
    while offset < size_of(file):
        watch(verb, offset / size_of(file))
        offset = await client.send(upload, file, offset)


async def _lose_half(client: Client, upload: str, file: Path) -> int:
    """Lose the connection half-way; return where the service says the upload stands."""
    half = size_of(file) // 2
    await client.send_and_lose(upload, file, 0, half)
    offset = await client.offset(upload)
    assert 0 < offset <= half, f"after {half} bytes the service holds {offset}"
    return offset


async def _until_its_end(client: Client, evidence: str, watch: Watch, *, deadline: float) -> dict[str, Any]:
    while True:
        found = await client.evidence(evidence)
        if found["state"] not in ON_ITS_WAY or time.monotonic() > deadline:
            return found
        watch(*_what_goes_on(found))
        await asyncio.sleep(POLL_SECONDS)


def _what_goes_on(evidence: dict[str, Any]) -> tuple[str, float]:
    """Return the word and the share for the progress line."""
    running = [stage for stage in evidence["stages"] if stage["state"] == "running"]
    if running:
        return running[0]["name"], running[0]["progress"]
    return f"{evidence['state']}, delayed: {evidence['code']}" if evidence["delayed"] else evidence[
        "state"
    ], 0.0
