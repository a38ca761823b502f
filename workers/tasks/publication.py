"""Publish what a stage made: each file becomes a blob under a key of its own, described by a rendition."""

from collections.abc import Mapping, Sequence
from typing import Any

from uuid6 import uuid7

from storage.digests import sha256_file
from storage.evidence import Evidence, Rendition, rendition_key
from transcode.made import Made
from workers.context import Context
from workers.decisions import rendered
from workers.tasks.finding import Finding


async def publish(
    context: Context, evidence: Evidence, made: Sequence[Made], facts: Mapping[str, Any]
) -> Finding:
    """Store the files and return the finding that makes them known. Raises `StorageError`.

    The keys are new with every run: two deliveries of one job never write to one blob, and the one whose
    finding comes too late removes its own.
    """
    renditions = tuple([await _publish_one(context, evidence, file) for file in made])
    keys = tuple(rendition_key(evidence.id, rendition.id) for rendition in renditions)
    return Finding(lambda now, run: rendered(now, run, renditions, facts), published=keys)


async def _publish_one(context: Context, evidence: Evidence, made: Made) -> Rendition:
    rendition = Rendition(
        id=str(uuid7()),
        kind=made.kind,
        media_type=made.media_type,
        size_bytes=made.path.stat().st_size,
        sha256=await sha256_file(made.path),
        source_sha256=evidence.sha256 or "",
        command=made.command,
        tools=made.tools,
        width=made.width,
        height=made.height,
        duration_seconds=made.duration_seconds,
    )
    await context.blobs.publish(rendition_key(evidence.id, rendition.id), made.path)
    return rendition
