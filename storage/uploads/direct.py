"""Uploads whose client sends the parts straight to the object store, by addresses that are signed for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from storage.uploads import UploadRef


@dataclass(frozen=True, slots=True)
class SentPart:
    """A part that lies in the store."""

    number: int
    #: Entity tag, without quotes.
    etag: str
    size_bytes: int


class DirectUploads(Protocol):
    """What an upload store offers besides, if its store can be reached by clients.

    Such an upload takes no bytes otherwise. Everything raises `StorageUnavailable`, and `NotFound` for an
    upload that was not begun here or has ended.
    """

    async def begin(self, upload: UploadRef) -> None:
        """Have the parts of an upload that was just created sent by its client."""
        ...

    async def sign(self, upload: UploadRef, number: int, seconds: int) -> str:
        """Return the address to which one part, by its number from 1, may be sent (PUT) for so long."""
        ...

    async def parts(self, upload: UploadRef) -> Sequence[SentPart]:
        """Return the parts that lie in the store, by their numbers."""
        ...

    async def adopt(self, upload: UploadRef, parts: Sequence[SentPart]) -> None:
        """Let these parts be the upload's bytes: now it can be finished. A repetition changes nothing."""
        ...
