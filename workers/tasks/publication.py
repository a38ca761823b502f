"""Publish what a stage made: each file becomes a blob under a key of its own, described by a rendition."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from uuid6 import uuid7

from storage.digests import sha256_file
from storage.evidence import Change, Evidence, Rendition, RenditionKind, rendition_key
from storage.states import StageName
from transcode.made import Made
from workers.context import Context
from workers.decisions import Run, rendered
from workers.tasks.finding import Finding

#: Decides what renditions do to the evidence.
Rendered = Callable[[Evidence, Run, tuple[Rendition, ...], Mapping[str, Any]], Change | None]


async def publish(
    context: Context,
    evidence: Evidence,
    stage: StageName,
    made: Sequence[Made],
    facts: Mapping[str, Any],
    decide: Rendered = rendered,
) -> Finding:
    """Store the files and return the finding that makes them known. Raises `StorageError`.

    The keys are new with every run: two deliveries of one job never write to one blob, and the one whose
    finding comes too late removes its own.
    """
    renditions: list[Rendition] = []
    try:
        for file in made:
            renditions.append(await _describe(evidence, stage, file))
            await context.blobs.publish(rendition_key(evidence.id, renditions[-1].id), file.path)
    except BaseException:
        await discard(context, keys_of(evidence.id, renditions))
        raise
    return Finding(
        lambda now, run: decide(now, run, tuple(renditions), facts), keys_of(evidence.id, renditions)
    )


def keys_of(evidence_id: str, renditions: Iterable[Rendition]) -> tuple[str, ...]:
    """Return the blobs' keys of renditions."""
    return tuple(rendition_key(evidence_id, rendition.id) for rendition in renditions)


async def discard(context: Context, keys: Iterable[str]) -> None:
    """Remove blobs that no record will know."""
    for key in keys:
        await context.blobs.delete(key)


async def discard_strays(context: Context, evidence: Evidence, stage: StageName) -> None:
    """Remove what runs of this stage published and were killed before they could say so.

    To be called once the record has settled the stage: then no run of it can make anything known any more.
    """
    known = keys_of(evidence.id, evidence.renditions)
    ours = rendition_key(evidence.id, _prefix(stage))
    kept = await context.blobs.keys(evidence.id)
    await discard(context, (key for key in kept if key.startswith(ours) and key not in known))


def _prefix(stage: StageName) -> str:
    return f"{stage}-"


async def _describe(evidence: Evidence, stage: StageName, made: Made) -> Rendition:
    return Rendition(
        id=f"{_prefix(stage)}{uuid7()}",
        kind=RenditionKind(made.kind),
        media_type=made.media_type,
        size_bytes=made.size_bytes,
        sha256=await sha256_file(made.path),
        source_sha256=evidence.sha256 or "",
        command=made.command,
        tools=made.tools,
        width=made.width,
        height=made.height,
        duration_seconds=made.duration_seconds,
    )
