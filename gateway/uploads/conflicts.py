"""Refusals of upload bytes say where the upload stands, so that its sender can go on from there."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager

from gateway.problems import Ended, Problem, Revoked, Silent, Stopping, TooSlow, problem_of
from gateway.services import Services
from gateway.uploads.completion import durable_offset
from gateway.uploads.holding import Refused
from gateway.uploads.lookup import require_present
from storage.errors import (
    KeyRevoked,
    NotFound,
    StorageFull,
    StorageUnavailable,
    UploadBusy,
    WriterFenced,
)
from storage.upload import Upload

#: After these the server reads nothing more from the connection.
_CLOSING = (Revoked, Silent, Stopping, TooSlow)


@contextmanager
def telling(headers: Mapping[str, str]) -> Iterator[None]:
    """Let a refusal carry these headers, too: of the bytes that came with a creation, where the upload is."""
    try:
        yield
    except Problem as problem:
        problem.headers = {**headers, **problem.headers}
        raise


@asynccontextmanager
async def telling_offset(services: Services, upload: Upload, provided: int) -> AsyncIterator[None]:
    """Let every refusal that leaves the upload there carry its `Upload-Offset`.

    Raises `Refused` for bytes at `provided` that found the others being made the original just then.
    """
    try:
        yield
    except NotFound as error:
        latest = require_present(await services.uploads.load(upload.id, None))
        raise Refused(await durable_offset(services, latest), provided) from error
    except (Ended, KeyRevoked, StorageFull, StorageUnavailable, UploadBusy, WriterFenced) as error:
        problem = problem_of(error)
        if problem is None:
            raise
        latest = require_present(await services.uploads.load(upload.id, None))
        problem.headers["Upload-Offset"] = str(await durable_offset(services, latest))
        if isinstance(error, _CLOSING):
            problem.headers["Connection"] = "close"
        raise problem from error
