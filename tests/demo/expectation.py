"""How each sample must end, and what must be true of it then: the table that the demo is judged by."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.demo.client import Client
from tests.demo.film_proof import wrong_with_reading_copy
from tests.demo.journey import Journey

#: Returns what is wrong, in words; nothing: all is well. The folder holds the downloads of this file.
Proof = Callable[[Client, Journey, Path], Awaitable[list[str]]]


async def is_served(client: Client, journey: Journey, folder: Path) -> list[str]:
    """The original comes back as it was sent, and every rendition can be had."""
    copy = await client.download(
        journey.evidence["original"]["url"], folder / f"original{journey.file.suffix}"
    )
    sent, got = _sha256(journey.file), _sha256(copy)
    copy.unlink()
    wrong = [] if sent == got == journey.evidence["sha256"] else ["the original is not what was sent"]
    for rendition in journey.evidence["renditions"]:
        target = await client.download(
            rendition["url"], rendition_path(folder, rendition["kind"], rendition["media_type"])
        )
        if target.stat().st_size != rendition["size_bytes"]:
            wrong.append(f"the {rendition['kind']} is not as large as it is said to be")
    return wrong


async def is_playable(client: Client, journey: Journey, folder: Path) -> list[str]:
    """As above, and the reading copy is an upright film that browsers play."""
    wrong = await is_served(client, journey, folder)
    copies = [row for row in journey.evidence["renditions"] if row["kind"] == "video"]
    if not copies:
        return [*wrong, "there is no reading copy"]
    path = rendition_path(folder, "video", copies[0]["media_type"])
    return [*wrong, *await wrong_with_reading_copy(journey.file, path)]


async def has_picture(client: Client, journey: Journey, folder: Path) -> list[str]:
    """As served, with an image preview among the renditions."""
    wrong = await is_served(client, journey, folder)
    kinds = {row["kind"] for row in journey.evidence["renditions"]}
    return wrong if kinds & {"thumbnail", "image", "poster"} else [*wrong, "there is no preview"]


async def is_withheld(client: Client, journey: Journey, folder: Path) -> list[str]:
    """Nobody gets its bytes."""
    status = await client.status_of(journey.evidence["original"]["url"])
    return [] if status == 409 else [f"its original was answered with {status}"]


@dataclass(frozen=True, slots=True)
class Expectation:
    """One row: the ends that are right, and the proof asked for then."""

    states: frozenset[str]
    #: Codes that are right; empty: any.
    codes: frozenset[str | None]
    proof: Proof
    #: Lose the connection half-way through this one.
    cut: bool = False


def _row(states: str, codes: str, proof: Proof, *, cut: bool = False) -> Expectation:
    return Expectation(frozenset(states.split()), frozenset(codes.split()), proof, cut)


EXPECTATIONS: Mapping[str, Expectation] = {
    "dance.mp4": _row("ready", "", is_playable, cut=True),
    "sketchbook.jpg": _row("ready", "", has_picture),
    "portfolio.pdf": _row("ready", "", is_served),
    "essay.txt": _row("ready", "", is_served),
    "homework.docx": _row("rejected", "content_mismatch", is_withheld),
    "broken-off.mp4": _row("rejected held", "damaged held_damaged", is_withheld),
    "infected.docx": _row("infected", "infected", is_withheld),
}


async def judge(client: Client, journey: Journey, folder: Path) -> list[str]:
    """Return what is wrong with how the file ended; nothing: it ended as it should."""
    row = EXPECTATIONS[journey.name]
    state, code = journey.evidence["state"], journey.evidence["code"]
    if state not in row.states or (row.codes and code not in row.codes):
        return [f"ended {state} ({code}), not {' or '.join(sorted(row.states))}"]
    return await row.proof(client, journey, folder)


def rendition_path(folder: Path, kind: str, media_type: str) -> Path:
    """Return where the download of a rendition lies."""
    return folder / f"{kind}.{media_type.rsplit('/', 1)[-1].removeprefix('x-')}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
