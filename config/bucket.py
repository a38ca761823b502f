"""Where the object store is, as one setting: `s3://bucket/prefix?endpoint=http://host:port&region=name`."""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, urlsplit

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]")
_PREFIX = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*)?")
_REGION = re.compile(r"[A-Za-z0-9-]*")
_QUERY = ("endpoint", "region")


@dataclass(frozen=True, slots=True)
class BucketAddress:
    """A bucket, and what of it is ours."""

    bucket: str
    #: All our keys begin with it and a slash; empty: the whole bucket is ours.
    prefix: str = ""
    #: URL of the server; `None`: Amazon's own.
    endpoint: str | None = None
    #: `None`: the one that the machine's own configuration names.
    region: str | None = None


def parse_bucket(text: str) -> BucketAddress:
    """Parse the setting. Raises `ValueError`, which says what is wrong."""
    url = _split(text)
    query = _parse_query(url.query)
    address = BucketAddress(
        bucket=url.netloc,
        prefix=url.path.strip("/"),
        endpoint=query.get("endpoint") or None,
        region=query.get("region") or None,
    )
    for pattern, value, name in (
        (_BUCKET, address.bucket, "the bucket's name"),
        (_PREFIX, address.prefix, "the prefix"),
        (_REGION, address.region or "", "the region"),
    ):
        if not pattern.fullmatch(value):
            raise ValueError(f"{name} cannot be {value!r}")
    _check_endpoint(address.endpoint)
    return address


def _split(text: str) -> SplitResult:
    url = urlsplit(text)
    if url.scheme != "s3" or url.fragment:
        raise ValueError("storage must be empty or s3://BUCKET/PREFIX?endpoint=URL&region=NAME")
    if "@" in url.netloc:
        raise ValueError("credentials do not belong into the address: set AWS_ACCESS_KEY_ID and so on")
    return url


def _parse_query(text: str) -> dict[str, str]:
    pairs = parse_qsl(text, keep_blank_values=True)
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names) or not set(names) <= set(_QUERY):
        raise ValueError("after the ? there may be endpoint= and region=, once each")
    return dict(pairs)


def _check_endpoint(endpoint: str | None) -> None:
    if endpoint is None:
        return
    url = urlsplit(endpoint)
    is_plain = url.path in {"", "/"} and not url.query and not url.fragment and "@" not in url.netloc
    if url.scheme not in {"http", "https"} or not url.hostname or not is_plain:
        raise ValueError("the endpoint must be http://HOST:PORT or https://HOST:PORT")
    if url.port == 0:
        raise ValueError("the endpoint has no port 0")
