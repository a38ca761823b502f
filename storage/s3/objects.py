"""Single requests about one object. All of them block: to be made by `Bucket.run`."""

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError, IncompleteReadError, ReadTimeoutError, ResponseStreamingError
from urllib3.exceptions import HTTPError

from storage.errors import StorageUnavailable
from storage.s3.bucket import Bucket
from storage.s3.failures import code_of

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import GetObjectOutputTypeDef, GetObjectRequestTypeDef

#: How often a body that breaks off is asked for again; the client repeats only what breaks off earlier.
_BODY_ATTEMPTS = 3
_BROKEN_BODY = (IncompleteReadError, ReadTimeoutError, ResponseStreamingError, HTTPError)


@dataclass(frozen=True, slots=True)
class Stat:
    """What a store says of an object without sending it."""

    size_bytes: int
    #: Entity tag with its quotes; it changes when the object is replaced.
    etag: str


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes of an object, and what the whole is."""

    data: bytes
    of: Stat


def digest(data: bytes | bytearray) -> str:
    """Return the `Content-MD5` of a body (RFC 1864): the one checksum that every store was seen to check."""
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def put(bucket: Bucket, key: str, data: bytes) -> None:
    """Store a small object, replacing another; the store refuses bytes that changed on the way."""
    bucket.client.put_object(Bucket=bucket.name, Key=key, Body=data, ContentMD5=digest(data))


def head(bucket: Bucket, key: str) -> Stat:
    """Return what the object is.

    Raises `ClientError`, and `StorageUnavailable` for a missing bucket: to HEAD a store answers that with
    404, like a missing object, and nobody may conclude from it that an original is gone.
    """
    try:
        answer = bucket.client.head_object(Bucket=bucket.name, Key=key)
    except ClientError as error:
        if code_of(error) == "404":
            require_bucket(bucket)
        raise
    return Stat(answer["ContentLength"], answer["ETag"])


def require_bucket(bucket: Bucket) -> None:
    """Raise `StorageUnavailable` if the bucket is missing, and `ClientError` if it may not be used."""
    try:
        bucket.client.head_bucket(Bucket=bucket.name)
    except ClientError as error:
        if code_of(error) == "404":
            raise StorageUnavailable("the bucket does not exist") from error
        raise


def fetch(bucket: Bucket, key: str, first: int, last: int, etag: str = "") -> Piece | None:
    """Return the bytes `first` to `last` inclusive, as many of them as there are; `None`: there is none.

    `etag`: the object must still be the one that had it.
    """
    asked: GetObjectRequestTypeDef = {"Bucket": bucket.name, "Key": key, "Range": f"bytes={first}-{last}"}
    if etag:
        asked["IfMatch"] = etag
    for attempt in range(1, _BODY_ATTEMPTS + 1):
        try:
            answer = bucket.client.get_object(**asked)
            with answer["Body"] as body:
                data = body.read()
        except _BROKEN_BODY:
            if attempt == _BODY_ATTEMPTS:
                raise
        except ClientError as error:
            if code_of(error) in {"InvalidRange", "416"}:
                return None
            raise
        else:
            return _as_piece(data, answer, first, last)
    raise AssertionError  # the last attempt returns or raises


def _as_piece(data: bytes, answer: "GetObjectOutputTypeDef", first: int, last: int) -> Piece:
    total = answer.get("ContentRange", "").rpartition("/")[2]
    if total:
        return Piece(data, Stat(int(total), answer["ETag"]))
    # "A server MAY ignore the Range header field" (RFC 9110, section 14.2), as some do for empty objects.
    return Piece(data[first : last + 1], Stat(len(data), answer["ETag"]))


def delete(bucket: Bucket, key: str) -> None:
    """Remove the object; a missing one is no error (S3 API, DeleteObject)."""
    bucket.client.delete_object(Bucket=bucket.name, Key=key)
