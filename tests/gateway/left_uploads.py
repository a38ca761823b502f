"""Uploads put into the state that a test begins with, and what is left of them."""

import os
import secrets
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text
from uuid6 import uuid7

from config.settings import Settings
from gateway.services import Services
from storage.evidence import Evidence
from storage.records.database import open_database
from storage.states import EvidenceState
from storage.upload import Upload, UploadState
from workers.pipeline import first_stages


async def new_upload(services: Services, length: int = 10, sent: bytes = b"", lifetime: float = 60) -> Upload:
    now = datetime.now(UTC)
    evidence = Evidence(str(uuid7()), "GB001", EvidenceState.RECEIVING, now, now, stages=first_stages())
    upload = Upload(
        id=secrets.token_urlsafe(24),
        evidence_id=evidence.id,
        centre_id="GB001",
        principal_id="sender",
        created_at=now,
        expires_at=now + timedelta(seconds=lifetime),
        length_bytes=length,
    )
    await services.store.create(upload.ref)
    await services.uploads.create(upload, evidence)
    async with services.store.open_writer(upload.ref) as writer:
        await writer.write([sent])
    return upload


def let_idle(settings: Settings, upload_id: str, seconds: float) -> None:
    """Make what is stored of an upload look untouched for so long."""
    folder, then = settings.store / "uploads" / upload_id, time.time() - seconds
    for path in (*folder.iterdir(), folder):
        os.utime(path, (then, then))


def files_of(settings: Settings, upload: Upload) -> list[Path]:
    return [
        path
        for path in settings.store.rglob("*")
        if path.is_file() and {upload.id, upload.evidence_id} & set(path.parts)
    ]


async def execute(settings: Settings, statement: str, **values: object) -> None:
    async with open_database(settings.database_url) as database:
        await database.execute(text(statement).bindparams(**values))


async def state_of(services: Services, upload: Upload) -> UploadState:
    return (await services.uploads.load(upload.id, None)).state
