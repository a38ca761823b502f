"""The document as one server serves it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edition:
    """The JSON, and its entity tag."""

    body: bytes
    etag: str
