import pytest
from pydantic import ValidationError

from config.bucket import BucketAddress, parse_bucket
from config.settings import Settings


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("s3://evidence", BucketAddress("evidence")),
        ("s3://evidence/", BucketAddress("evidence")),
        (
            "s3://evidence/board/2026?region=eu-west-2",
            BucketAddress("evidence", "board/2026", None, "eu-west-2"),
        ),
        (
            "s3://evidence/x?endpoint=http://127.0.0.1:8333&region=us-east-1",
            BucketAddress("evidence", "x", "http://127.0.0.1:8333", "us-east-1"),
        ),
        (
            "s3://a.b-c?endpoint=https%3A%2F%2Fs3.example",
            BucketAddress("a.b-c", "", "https://s3.example", None),
        ),
    ],
)
def test_an_address_names_bucket_prefix_endpoint_and_region(text, address):
    assert parse_bucket(text) == address
    assert Settings(storage=text).bucket == address


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("http://evidence", "storage must be empty or s3://"),
        ("/var/evidence", "storage must be empty or s3://"),
        ("s3://evidence#x", "storage must be empty or s3://"),
        ("s3://", "bucket"),
        ("s3:///prefix", "bucket"),
        ("s3://e", "bucket"),
        ("s3://evi dence", "bucket"),
        ("s3://evidence:80", "bucket"),
        ("s3://key:secret@evidence", "AWS_ACCESS_KEY_ID"),
        ("s3://evidence/../other", "prefix"),
        ("s3://evidence/a//b", "prefix"),
        ("s3://evidence/ä", "prefix"),
        ("s3://evidence?region=a/b", "region"),
        ("s3://evidence?regoin=x", "endpoint= and region="),
        ("s3://evidence?region=x&region=y", "endpoint= and region="),
        ("s3://evidence?endpoint=127.0.0.1:8333", "http://HOST:PORT"),
        ("s3://evidence?endpoint=ftp://x", "http://HOST:PORT"),
        ("s3://evidence?endpoint=http://", "http://HOST:PORT"),
        ("s3://evidence?endpoint=http://a:b@x", "http://HOST:PORT"),
        ("s3://evidence?endpoint=http://x/path", "http://HOST:PORT"),
        ("s3://evidence?endpoint=http://x:99999", "Port"),
        ("s3://evidence?endpoint=http://x:0", "port"),
        ("s3://[", "IPv6"),
    ],
)
def test_an_address_that_cannot_be_is_refused_in_words(text, said):
    with pytest.raises(ValidationError, match=said.replace("?", r"\?")):
        Settings(storage=text)


def test_what_is_refused_is_not_repeated_for_it_may_hold_a_secret():
    for text in ("s3://key:hidden@evidence", "s3://evidence?endpoint=http://key:hidden@x"):
        with pytest.raises(ValidationError) as refused:
            Settings(storage=text)
        assert "hidden" not in str(refused.value)


def test_no_address_means_the_local_disk():
    assert Settings(storage="").bucket is None
