"""Refusals of upload bytes say where the upload stands, so that its sender can go on from there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.problems import Ended, Revoked, Silent, Stopping, TooSlow, problem_of
from gateway.services import Services
from gateway.tus.completion import durable_offset
from gateway.tus.lookup import require_present
from storage.errors import KeyRevoked, UploadBusy, WriterFenced
from storage.upload import Upload

#: After these the server reads nothing more from the connection.
_CLOSING = (Revoked, Silent, Stopping, TooSlow)


@asynccontextmanager
async def telling_offset(services: Services, upload: Upload) -> AsyncIterator[None]:
    """Let every refusal that leaves the upload open carry its `Upload-Offset`."""
    try:
        yield
    except (Ended, KeyRevoked, UploadBusy, WriterFenced) as error:
        problem = problem_of(error)
        if problem is None:
            raise
        latest = require_present(await services.uploads.load(upload.id, None))
        problem.headers["Upload-Offset"] = str(await durable_offset(services, latest))
        if isinstance(error, _CLOSING):
            problem.headers["Connection"] = "close"
        raise problem from error
