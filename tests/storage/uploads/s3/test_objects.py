from collections.abc import AsyncIterator

import pytest

from config.bucket import parse_bucket
from storage.s3.bucket import open_bucket
from storage.uploads.s3.bucket import BucketObjects
from storage.uploads.s3.memory_objects import MemoryObjects
from tests.storage.uploads.s3.objects_contract import LEAST_BYTES, ObjectsContract


class TestBucketObjects(ObjectsContract):
    @pytest.fixture
    async def objects(self, s3_url: str) -> AsyncIterator[BucketObjects]:
        async with open_bucket(parse_bucket(s3_url), connections=4) as bucket:
            yield BucketObjects(bucket)


class TestMemoryObjects(ObjectsContract):
    @pytest.fixture(params=[False, True], ids=["some", "all"])
    def objects(self, request: pytest.FixtureRequest) -> MemoryObjects:
        return MemoryObjects(LEAST_BYTES, wants_all=request.param)
