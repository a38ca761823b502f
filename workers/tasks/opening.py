"""Open the original of a film or recording, and decide what is to be made of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from config.formats import load_formats
from config.profiles import VideoProfile
from storage.evidence import Evidence, original_key
from transcode.film import Film
from transcode.fitting import tighten
from transcode.interlacing import look
from transcode.plan import make_plan
from transcode.probe import probe
from workers.context import Context
from workers.segmenting import FORMER, JOINED_BYTES, PROFILE


@asynccontextmanager
async def open_film(context: Context, evidence: Evidence, profile: VideoProfile) -> AsyncIterator[Film]:
    """Give the film while its original is open. Raises `SourceDamaged`, `SourceRefused`, `StorageError`."""
    row = load_formats().extensions.get(evidence.extension or "")
    limit = row.reduce_to_bytes if row else 0
    async with context.blobs.open_local(original_key(evidence.id), evidence.sha256) as source:
        found = await look(source, await probe(source))
        plan = make_plan(found, profile, size_bytes=found.size_bytes, reduce_to_bytes=limit)
        joined_bytes = _joined_bytes(evidence, profile)
        yield Film(source, found, tighten(found, plan, profile, joined_bytes) or plan, profile)


def _joined_bytes(evidence: Evidence, profile: VideoProfile) -> int:
    """Return how large the film's segments were together, if this profile made them; else 0."""
    made = evidence.facts.get(PROFILE, FORMER) == profile.name
    return int(evidence.facts.get(JOINED_BYTES, 0)) if made else 0


def facts_of(film: Film) -> dict[str, Any]:
    """Return what operators should know of the film and its treatment."""
    plan = film.plan
    return {
        "duration_seconds": film.found.duration_seconds,
        "treatment": {
            PROFILE: film.profile.name,
            "video": plan.video,
            "audio": plan.audio,
            "reasons": list(plan.reasons),
        },
        **film.found.noted,
    }
