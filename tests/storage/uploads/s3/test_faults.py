"""Uploads over a bad network, and into a store that fails."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from storage.errors import StorageFull, StorageUnavailable
from storage.records.database import migrate
from storage.s3 import bucket as bucket_module
from storage.uploads import UploadRef
from storage.uploads.s3.store import S3UploadStore
from tests.services.object_store import ObjectStore
from tests.services.proxy import Fault, FaultyProxy, faulty_proxy, nothing
from tests.storage.upload_sample import ID, KEY
from tests.storage.uploads.s3.deployment import deployed
from tests.storage.uploads.s3.test_processes import PART_BYTES, pattern

UPLOAD = UploadRef(ID, key=KEY)
SIZE = PART_BYTES * 2 + 12_345
REFUSALS = {
    "overloaded": (Fault(status=503, code="SlowDown"), StorageUnavailable),
    "expired": (Fault(status=403, code="ExpiredToken"), StorageUnavailable),
    "no bucket": (Fault(status=404, code="NoSuchBucket"), StorageUnavailable),
    "full": (Fault(status=507, code="InsufficientStorage"), StorageFull),
    "cut": (Fault(cut_sent=100_000), StorageUnavailable),
    "silent": (Fault(silent=True), StorageUnavailable),
}


@pytest.fixture
def proxy(object_store: ObjectStore) -> Iterator[FaultyProxy]:
    with faulty_proxy(object_store.port) as proxy:
        yield proxy


@pytest.fixture
async def uploads(
    object_store: ObjectStore,
    proxy: FaultyProxy,
    s3_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[S3UploadStore]:
    monkeypatch.setattr(bucket_module, "_PATIENT", bucket_module.Patience(5, 4, 1))
    database_url = f"sqlite:///{tmp_path / 'intake.db'}"
    migrate(database_url)
    async with deployed(s3_url.replace(object_store.endpoint, proxy.endpoint), database_url) as uploads:
        await uploads.create(UPLOAD)
        yield uploads


async def send(uploads: S3UploadStore, first: int, end: int) -> int:
    async with uploads.open_writer(UPLOAD) as writer:
        assert writer.offset == first
        try:
            await writer.write([pattern(first, end)])
        except (StorageUnavailable, StorageFull):
            assert writer.offset == await uploads.offset(UPLOAD)
            raise
        return await writer.sync()


@pytest.mark.parametrize(("fault", "error"), REFUSALS.values(), ids=REFUSALS)
async def test_a_store_that_fails_loses_nothing_and_the_next_request_goes_on(uploads, proxy, fault, error):
    assert await send(uploads, 0, PART_BYTES + 5) == PART_BYTES + 5
    proxy.choose = lambda first: fault if first.startswith("PUT") else Fault()
    with pytest.raises(error):
        await send(uploads, PART_BYTES + 5, SIZE)
    assert await uploads.offset(UPLOAD) == PART_BYTES + 5
    proxy.choose = nothing
    assert await send(uploads, PART_BYTES + 5, SIZE) == SIZE
    assert await uploads.finish(UPLOAD, KEY) == SIZE


@pytest.mark.parametrize(
    "fault",
    [Fault(status=500, code="InternalError"), Fault(lose_answer=True)],
    ids=["refused", "unanswered"],
)
async def test_completing_is_settled_by_looking_for_the_object(uploads, proxy, fault):
    await send(uploads, 0, SIZE)
    completing = [fault]

    def choose(first: str) -> Fault:
        is_it = first.startswith("POST") and "uploadId" in first
        return completing.pop() if is_it and completing else Fault()

    proxy.choose = choose
    if fault.lose_answer:
        assert await uploads.finish(UPLOAD, KEY) == SIZE
    else:  # nothing was done
        with pytest.raises(StorageUnavailable):
            await uploads.finish(UPLOAD, KEY)
    assert await uploads.finish(UPLOAD, KEY) == SIZE
    assert await uploads.ages() == {}
