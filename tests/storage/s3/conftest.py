from collections.abc import AsyncIterator

import pytest

from config.bucket import parse_bucket
from storage.s3.bucket import Bucket, open_bucket


@pytest.fixture
async def bucket(s3_url: str) -> AsyncIterator[Bucket]:
    """A fresh prefix of a bucket of a real server."""
    async with open_bucket(parse_bucket(s3_url), connections=8) as opened:
        yield opened
