"""What the sender of an upload is told while the object store fails."""

from collections.abc import Iterator
from typing import Any

import pytest

from storage.s3 import bucket as bucket_module
from tests.services.api import Api
from tests.services.object_store import ObjectStore
from tests.services.proxy import Fault, FaultyProxy, faulty_proxy, nothing

PART_BYTES = 8 << 20
DATA = bytes(range(256)) * (PART_BYTES // 256) + b"and more" * 1000
DOWN = Fault(status=503, code="SlowDown")


@pytest.fixture
def proxy(object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyProxy]:
    monkeypatch.setattr(bucket_module, "_PATIENT", bucket_module.Patience(5, 20, 1))
    with faulty_proxy(object_store.port) as proxy:
        yield proxy


@pytest.fixture
def chosen(object_store: ObjectStore, proxy: FaultyProxy, s3_url: str) -> dict[str, Any]:
    return {"storage": s3_url.replace(object_store.endpoint, proxy.endpoint)}


async def test_a_body_that_cannot_be_stored_is_503_with_the_offset_that_the_next_one_goes_on_at(
    api: Api, proxy: FaultyProxy
) -> None:
    upload, evidence = await api.create(len(DATA))
    assert (await api.patch(upload, 0, DATA[:5000])).status == 204
    proxy.choose = lambda first: DOWN if first.startswith("PUT") else Fault()
    refused = await api.patch(upload, 5000, DATA[5000:])
    assert (refused.status, refused.headers["Upload-Offset"]) == (503, "5000")
    assert int(refused.headers["Retry-After"]) > 0
    assert await api.offset(upload) == 5000
    proxy.choose = nothing
    assert (await api.patch(upload, 5000, DATA[5000:])).status == 204
    assert (await api.evidence(evidence))["state"] == "received"


async def test_an_upload_that_cannot_be_finished_is_503_and_finished_later(
    api: Api, proxy: FaultyProxy
) -> None:
    upload, evidence = await api.create(len(DATA))
    proxy.choose = lambda first: DOWN if first.startswith("POST") and "uploadId" in first else Fault()
    refused = await api.patch(upload, 0, DATA)
    assert (refused.status, refused.headers["Upload-Offset"]) == (503, str(len(DATA)))
    assert (await api.evidence(evidence))["state"] == "receiving"
    proxy.choose = nothing
    assert await api.offset(upload) == len(DATA)
    assert (await api.evidence(evidence))["state"] == "received"
