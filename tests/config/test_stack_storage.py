"""`make run STORAGE=s3://…`."""

from tests.services.api import Api
from tests.services.object_store import BUCKET, ObjectStore


async def test_the_stack_runs_on_an_object_store(make_run, object_store: ObjectStore, s3_url: str) -> None:
    running = make_run(STORAGE=s3_url, ALLOW_DEMONSTRATION_SIGNATURES=1).until_ready()
    async with Api(running.url, running.key) as api:
        evidence = await api.wait(await api.send(b"What I did this summer.\n", "essay.txt"), {"received"})
    assert evidence["state"] == "received"
    prefix = s3_url.partition("?")[0].rpartition("/")[2]
    listed = object_store.client().list_objects_v2(Bucket=BUCKET, Prefix=prefix)
    assert f"{prefix}/blobs/{evidence['id']}/original" in [found["Key"] for found in listed["Contents"]]


def test_a_bucket_that_is_missing_is_told_before_anything_starts(make_run, object_store: ObjectStore) -> None:
    refused = make_run(STORAGE=object_store.url("x", bucket="no-such-bucket"))
    assert refused.process.wait(60) != 0
    refused.gone()
    assert "the bucket does not exist" in "\n".join(refused.news)


def test_an_address_that_cannot_be_is_told(make_run) -> None:
    refused = make_run(STORAGE="s3://key:secret@bucket")
    assert refused.process.wait(30) != 0
    refused.gone()
    assert "credentials do not belong into the address" in "\n".join(refused.news)
