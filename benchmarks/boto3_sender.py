"""`python -m benchmarks.boto3_sender`: send one object with boto3's own `upload_fileobj`, as it comes."""

import argparse
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import boto3

from benchmarks.starting_line import race
from benchmarks.tus import pieces

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


class Pieces:
    """A file that is read once."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._rest = b""

    def read(self, size_bytes: int) -> bytes:
        found = bytearray(self._rest)
        while len(found) < size_bytes and (part := next(self._parts, b"")):
            found += part
        self._rest = bytes(found[size_bytes:])
        return bytes(found[:size_bytes])


def send(client: "S3Client", bucket: str, key: str, length_bytes: int) -> Sequence[float]:
    client.upload_fileobj(Pieces(iter(pieces(length_bytes))), bucket, key)
    return []


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.boto3_sender", description=__doc__)
    parser.add_argument("endpoint")
    parser.add_argument("region")
    parser.add_argument("bucket")
    parser.add_argument("key")
    parser.add_argument("length_bytes", type=int)
    told = parser.parse_args()
    client = boto3.client("s3", endpoint_url=told.endpoint, region_name=told.region)
    race(partial(send, client, told.bucket, told.key, told.length_bytes))


if __name__ == "__main__":
    main()
