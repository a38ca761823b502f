import asyncio

import pytest

from config.bucket import parse_bucket
from storage.errors import NotFound, StorageUnavailable
from storage.s3 import objects
from storage.s3.bucket import open_bucket

KEY = "object"


async def test_what_is_put_is_fetched_by_ranges(bucket):
    key = bucket.locate("folder", KEY)
    await bucket.run(objects.put, bucket, key, b"0123456789")
    stat = await bucket.run(objects.head, bucket, key)
    assert stat.size_bytes == 10
    piece = await bucket.run(objects.fetch, bucket, key, 8, 99, stat.etag)
    assert piece == objects.Piece(b"89", stat)
    assert await bucket.run(objects.fetch, bucket, key, 10, 99) is None


async def test_an_object_that_was_replaced_is_not_taken_for_the_same(bucket):
    await bucket.run(objects.put, bucket, KEY, b"old")
    stat = await bucket.run(objects.head, bucket, KEY)
    await bucket.run(objects.put, bucket, KEY, b"new")
    with pytest.raises(StorageUnavailable, match="PreconditionFailed"):
        await bucket.run(objects.fetch, bucket, KEY, 0, 9, stat.etag)


async def test_bytes_that_changed_on_the_way_are_refused_by_the_store(bucket):
    def damaged() -> None:
        digest = objects.digest(b"what was meant")
        bucket.client.put_object(Bucket=bucket.name, Key=KEY, Body=b"what arrives", ContentMD5=digest)

    with pytest.raises(StorageUnavailable, match="BadDigest"):
        await bucket.run(damaged)


async def test_a_missing_object_is_not_found(bucket):
    for asked in (objects.head, lambda *given: objects.fetch(*given, 0, 9)):
        with pytest.raises(NotFound):
            await bucket.run(asked, bucket, bucket.locate("folder", "none"))
    await bucket.run(objects.delete, bucket, bucket.locate("folder", "none"))


async def test_a_missing_bucket_is_an_outage_and_no_missing_object(object_store):
    async with open_bucket(parse_bucket(object_store.url("x", bucket="no-such-bucket")), 2) as bucket:
        for work in (
            lambda: objects.head(bucket, KEY),
            lambda: objects.fetch(bucket, KEY, 0, 9),
            lambda: objects.put(bucket, KEY, b"x"),
            lambda: objects.delete(bucket, KEY),
        ):
            with pytest.raises(StorageUnavailable, match="bucket does not exist"):
                await bucket.run(work)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("AWS_SECRET_ACCESS_KEY", "wrong", "the secret key is wrong"),
        ("AWS_ACCESS_KEY_ID", "unknown", "does not know the access key"),
    ],
)
async def test_wrong_credentials_are_an_outage_in_an_operators_words(s3_url, monkeypatch, name, value, said):
    monkeypatch.setenv(name, value)
    async with open_bucket(parse_bucket(s3_url), 2) as bucket:
        with pytest.raises(StorageUnavailable, match=said):
            await bucket.run(objects.put, bucket, KEY, b"x")
        with pytest.raises(StorageUnavailable, match="the credentials are wrong or do not allow this"):
            await bucket.run(objects.head, bucket, KEY)


async def test_without_credentials_it_says_which_variables_to_set(s3_url, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    async with open_bucket(parse_bucket(s3_url), 2) as bucket:
        with pytest.raises(StorageUnavailable, match="set AWS_ACCESS_KEY_ID"):
            await bucket.run(objects.head, bucket, KEY)


async def test_a_store_that_is_not_there_is_an_outage(object_store):
    url = object_store.url("x", endpoint="http://127.0.0.1:9")
    async with open_bucket(parse_bucket(url), 2) as bucket:
        with pytest.raises(StorageUnavailable, match="cannot be reached"):
            await bucket.run(objects.head, bucket, KEY)


async def test_more_requests_than_threads_take_turns(bucket):
    await asyncio.gather(*(bucket.run(objects.put, bucket, f"{number}", b"x") for number in range(40)))
    assert (await bucket.run(objects.head, bucket, "39")).size_bytes == 1
