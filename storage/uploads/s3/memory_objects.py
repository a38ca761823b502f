"""Objects in memory, with the rules of a real store: the fake that passes the same contract."""

import hashlib
import itertools
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from storage.errors import Damaged, NotFound, PartsDiffer, StorageUnavailable
from storage.s3 import MOST_PARTS
from storage.uploads.s3.account import Extent, ExtentKind
from storage.uploads.s3.objects import Found


@dataclass(slots=True)
class _Multipart:
    place: str
    parts: dict[int, tuple[str, bytes]] = field(default_factory=dict)


class MemoryObjects:
    """`Objects` that are forgotten with their process. Every part but the last has `least_bytes` at least.

    One that `wants_all` completes a multipart upload only when all its parts are named. One that `salts`
    gives another entity tag each time, also for the same bytes, as stores do that encrypt.
    """

    def __init__(self, least_bytes: int, *, wants_all: bool = False, salts: bool = False) -> None:
        #: How old all of them are said to be.
        self.age_seconds = 0.0
        self._least_bytes = least_bytes
        self._wants_all = wants_all
        self._salts = salts
        #: How many parts were sent.
        self.sends = 0
        self._objects: dict[str, bytes] = {}
        self._multiparts: dict[str, _Multipart] = {}
        self._ids = itertools.count(1)

    async def put(self, place: str, data: bytes) -> None:
        """Keep the bytes."""
        self._objects[place] = bytes(data)

    async def get(self, place: str, first: int, size_bytes: int) -> bytes:
        """Return some of the bytes."""
        data = self._object(place)[first : first + size_bytes]
        if len(data) < size_bytes:
            raise Damaged(f"{place} is shorter than it was")
        return data

    async def size(self, place: str) -> int:
        """Return how many there are."""
        return len(self._object(place))

    def _object(self, place: str) -> bytes:
        try:
            return self._objects[place]
        except KeyError as error:
            raise NotFound(place) from error

    async def copy(self, source: str, target: str) -> None:
        """Keep the bytes under another name, too."""
        self._objects[target] = self._object(source)

    async def delete(self, places: Sequence[str]) -> None:
        """Forget them."""
        for place in places:
            self._objects.pop(place, None)

    async def find(self, prefix: str) -> Sequence[Found]:
        """Return what begins so."""
        return [Found(place, self.age_seconds) for place in sorted(self._objects) if place.startswith(prefix)]

    async def begin(self, place: str) -> str:
        """Begin a multipart upload."""
        multipart_id = f"multipart-{next(self._ids)}"
        self._multiparts[multipart_id] = _Multipart(place)
        return multipart_id

    async def send(self, place: str, multipart_id: str, number: int, data: bytes | bytearray) -> str:
        """Keep a part."""
        if not 1 <= number <= MOST_PARTS:
            raise StorageUnavailable(f"no part has the number {number}")
        self.sends += 1
        etag = secrets.token_hex(16) if self._salts else hashlib.md5(data, usedforsecurity=False).hexdigest()
        self._multipart(place, multipart_id).parts[number] = etag, bytes(data)
        return etag

    async def send_copy(
        self, place: str, multipart_id: str, number: int, source: str, first: int, size_bytes: int
    ) -> str:
        """Keep some bytes of an object as a part."""
        return await self.send(place, multipart_id, number, await self.get(source, first, size_bytes))

    async def complete(self, place: str, multipart_id: str, parts: Sequence[Extent]) -> None:
        """Put the parts together."""
        sent = self._multipart(place, multipart_id).parts
        numbers = [part.number for part in parts]
        if not parts or numbers != sorted(set(numbers)):
            raise StorageUnavailable("the parts are not in their order")
        if any(part.number not in sent or sent[part.number][0] != part.name for part in parts):
            raise PartsDiffer("a part was never sent")
        if self._wants_all and sent.keys() != set(numbers):
            raise PartsDiffer("there are other parts")
        if any(len(sent[number][1]) < self._least_bytes for number in numbers[:-1]):
            raise PartsDiffer("a part is too small")
        self._objects[place] = b"".join(sent[number][1] for number in numbers)
        del self._multiparts[multipart_id]

    async def sent(self, place: str, multipart_id: str) -> Sequence[Extent]:
        """Return the parts."""
        parts = self._multipart(place, multipart_id).parts
        return [
            Extent(ExtentKind.PART, number, etag, len(data)) for number, (etag, data) in sorted(parts.items())
        ]

    async def abort(self, place: str, multipart_id: str) -> None:
        """Forget the parts."""
        if self._multiparts.get(multipart_id, _Multipart("")).place == place:
            del self._multiparts[multipart_id]

    async def unfinished(self, prefix: str) -> Sequence[Found]:
        """Return what begins so."""
        return [
            Found(multipart.place, self.age_seconds, multipart_id)
            for multipart_id, multipart in self._multiparts.items()
            if multipart.place.startswith(prefix)
        ]

    def _multipart(self, place: str, multipart_id: str) -> _Multipart:
        found = self._multiparts.get(multipart_id)
        if found is None or found.place != place:
            raise NotFound("no such multipart upload")
        return found
