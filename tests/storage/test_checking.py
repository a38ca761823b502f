"""`python -m storage check`: what an operator sees."""

import pytest

from storage.__main__ import main
from tests.services.object_store import BUCKET


def check(monkeypatch: pytest.MonkeyPatch, tmp_path, storage: str = "") -> int:
    monkeypatch.setenv("INTAKE_DATA", str(tmp_path))
    monkeypatch.setenv("INTAKE_STORAGE", storage)
    return main(["check"])


def test_a_store_that_can_be_used_is_left_as_it_was(object_store, s3_url, monkeypatch, tmp_path, capsys):
    assert check(monkeypatch, tmp_path, s3_url) == 0
    assert capsys.readouterr().err == ""
    prefix = s3_url.partition("?")[0].rpartition("/")[2]
    assert "Contents" not in object_store.client().list_objects_v2(Bucket=BUCKET, Prefix=prefix)
    assert check(monkeypatch, tmp_path) == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("AWS_SECRET_ACCESS_KEY", "wrong"), "the secret key is wrong"),
        (("AWS_ACCESS_KEY_ID", "unknown"), "the store does not know the access key"),
    ],
)
def test_wrong_credentials_are_told(s3_url, monkeypatch, tmp_path, capsys, change, said):
    monkeypatch.setenv(*change)
    assert check(monkeypatch, tmp_path, s3_url) == 1
    assert said in capsys.readouterr().err


def test_a_missing_bucket_and_a_missing_server_are_told(object_store, monkeypatch, tmp_path, capsys):
    assert check(monkeypatch, tmp_path, object_store.url("x", bucket="no-such-bucket")) == 1
    assert "the bucket does not exist" in capsys.readouterr().err
    assert check(monkeypatch, tmp_path, object_store.url("x", endpoint="http://127.0.0.1:9")) == 1
    assert "the store cannot be reached" in capsys.readouterr().err
