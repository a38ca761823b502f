"""Objects that are put together of parts (Amazon S3 API, "Multipart upload").

All of these block: to be made by `Bucket.run`. Which parts there are is for the caller to know: of the
servers measured one took parts in the wrong order, one an older part or a subset, and one no subset.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, cast

from botocore.exceptions import ClientError

from storage.s3.bucket import Bucket
from storage.s3.failures import code_of
from storage.s3.objects import digest

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import CompletedPartTypeDef


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An object that is being put together, or was to be."""

    key: str
    upload_id: str
    begun_at: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """A part as the store knows it; the entity tag with its quotes."""

    number: int
    etag: str
    size_bytes: int


def begin(bucket: Bucket, key: str) -> str:
    """Begin an object of parts and return the id of that."""
    return bucket.client.create_multipart_upload(Bucket=bucket.name, Key=key)["UploadId"]


def send_part(bucket: Bucket, key: str, upload_id: str, number: int, data: bytes | bytearray) -> str:
    """Store one part, counted from 1, and return its entity tag; the store refuses bytes that changed."""
    # The client takes a bytearray, too: only its type stubs do not know.
    body = cast("bytes", data)
    answer = bucket.client.upload_part(
        Bucket=bucket.name, Key=key, UploadId=upload_id, PartNumber=number, Body=body, ContentMD5=digest(data)
    )
    return answer["ETag"]


def sign_part(bucket: Bucket, key: str, upload_id: str, number: int, seconds: int) -> str:
    """Return the URL to which whoever has it may PUT the part, as often as it likes, for so long."""
    asked = {"Bucket": bucket.name, "Key": key, "UploadId": upload_id, "PartNumber": number}
    return bucket.client.generate_presigned_url("upload_part", Params=asked, ExpiresIn=seconds)


def list_parts(bucket: Bucket, key: str, upload_id: str) -> Sequence[Part]:
    """Return the parts that were sent, by their numbers."""
    pages = bucket.client.get_paginator("list_parts").paginate(
        Bucket=bucket.name, Key=key, UploadId=upload_id
    )
    found = (part for page in pages for part in page.get("Parts", []))
    return [Part(part["PartNumber"], part["ETag"], part["Size"]) for part in found]


def complete(bucket: Bucket, key: str, upload_id: str, parts: Iterable[tuple[int, str]]) -> None:
    """Make the parts, named by number and entity tag in ascending order, the object."""
    named: Sequence[CompletedPartTypeDef] = [{"PartNumber": number, "ETag": etag} for number, etag in parts]
    try:
        bucket.client.complete_multipart_upload(
            Bucket=bucket.name, Key=key, UploadId=upload_id, MultipartUpload={"Parts": named}
        )
    except ClientError as error:
        if code_of(error) == "InternalError":
            # So one store answers when there is no such multipart upload: this says so in its own words.
            bucket.client.list_parts(Bucket=bucket.name, Key=key, UploadId=upload_id, MaxParts=1)
        raise


def abort(bucket: Bucket, key: str, upload_id: str) -> None:
    """Drop the parts; those of an upload that is complete or gone are dropped already."""
    try:
        bucket.client.abort_multipart_upload(Bucket=bucket.name, Key=key, UploadId=upload_id)
    except ClientError as error:
        if code_of(error) != "NoSuchUpload":
            raise


def list_unfinished(bucket: Bucket, prefix: str) -> Iterator[Unfinished]:
    """Yield every unfinished object whose key begins with `prefix`."""
    pages = bucket.client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket.name, Prefix=prefix)
    for page in pages:
        for upload in page.get("Uploads", []):
            if upload["Key"].startswith(prefix):
                yield Unfinished(upload["Key"], upload["UploadId"], upload["Initiated"])
