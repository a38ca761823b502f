"""A job's definition: what Redis keeps of it, in arq's format, as JSON (arq's own default is pickle)."""

import json
from datetime import datetime
from typing import Any

from arq.jobs import serialize_job

from storage.evidence import Job


def serialize(value: dict[str, Any]) -> bytes:
    """Format for arq's `job_serializer`."""
    return json.dumps(value, separators=(",", ":")).encode()


def deserialize(raw: bytes) -> dict[str, Any]:
    """Parse for arq's `job_deserializer`."""
    value: dict[str, Any] = json.loads(raw)
    return value


def format_job(job: Job, now: datetime) -> bytes:
    """Return the definition: the stage is the function's name, its arguments say which piece of evidence."""
    args: tuple[str | int, ...] = (job.evidence_id, str(job.stage), job.attempt, job.centre_id)
    if job.segment is not None:
        args = (*args, job.segment)
    return serialize_job(str(job.stage), args, {}, None, int(now.timestamp() * 1000), serializer=serialize)
