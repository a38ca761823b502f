"""What uploads need of an object store.

A place is `folder/key` in the part of the bucket that is ours. Every implementation passes
`tests/storage/uploads/s3/objects_contract.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from storage.uploads.s3.account import Extent


@dataclass(frozen=True, slots=True)
class Found:
    """An object, or a multipart upload that is not complete."""

    place: str
    age_seconds: float
    #: Of a multipart upload.
    multipart_id: str = ""


class Objects(Protocol):
    """Objects and multipart uploads by their places.

    Everything raises `StorageUnavailable` and, where bytes are sent, `StorageFull`.
    """

    async def put(self, place: str, data: bytes) -> None:
        """Store a whole object, durably."""
        ...

    async def get(self, place: str, first: int, size_bytes: int) -> bytes:
        """Return so many bytes of an object. Raises `NotFound`, and `Damaged` when it has fewer."""
        ...

    async def size(self, place: str) -> int:
        """Return an object's size in bytes. Raises `NotFound`."""
        ...

    async def copy(self, source: str, target: str) -> None:
        """Make another object of the same bytes, within the store. Raises `NotFound`."""
        ...

    async def delete(self, places: Sequence[str]) -> None:
        """Remove objects; missing ones are no error."""
        ...

    async def find(self, prefix: str) -> Sequence[Found]:
        """Return every object whose place begins so."""
        ...

    async def begin(self, place: str) -> str:
        """Begin a multipart upload and return its id."""
        ...

    async def send(self, place: str, multipart_id: str, number: int, data: bytes | bytearray) -> str:
        """Store a part and return its entity tag. Raises `NotFound` when the multipart upload is gone."""
        ...

    async def send_copy(
        self, place: str, multipart_id: str, number: int, source: str, first: int, size_bytes: int
    ) -> str:
        """Make some bytes of an object a part, within the store; otherwise as `send`."""
        ...

    async def complete(self, place: str, multipart_id: str, parts: Sequence[Extent]) -> None:
        """Make the parts the object. Raises `NotFound` when the multipart upload is gone, as after this.

        Raises `PartsDiffer` when they are not those that were sent, or not all of them where the store wants
        that, and `Undecided` when this may be done, or is being done by another one.
        """
        ...

    async def sent(self, place: str, multipart_id: str) -> Sequence[Extent]:
        """Return every part that the store has, by their numbers. Raises `NotFound` as `send`."""
        ...

    async def abort(self, place: str, multipart_id: str) -> None:
        """Drop a multipart upload and its parts; one that is gone is no error."""
        ...

    async def unfinished(self, prefix: str) -> Sequence[Found]:
        """Return every multipart upload whose place begins so."""
        ...
