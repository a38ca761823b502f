"""The account of one upload: which of its bytes lie where in the object store. Pure.

An upload's bytes are, in this order, its **settled** parts, then its **tail** of pieces: small objects of
their own, made when bytes must be durable that are not a whole part yet. Once they are, one part takes
their place. What is held back lies behind in the same two forms, or as parts that would take the tail's
place: it is only in the account so that `kept` can let it count at once.

Nothing here is done but on the newest account, by `Ledger.change`: it is who tells a writer that it lost
its place, before its bytes could count.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from storage.errors import Damaged, NotFound, StorageFull, UploadBusy, WriterFenced
from storage.s3 import MOST_PARTS
from storage.uploads import UploadRef

#: A holder that was not heard of for so long is dead: nobody else need raise the epoch to replace it.
LEASE_SECONDS = 15.0


class AccountState(StrEnum):
    """What is becoming of an upload's bytes."""

    OPEN = "open"
    #: Its client sends its parts straight to the store (`storage.uploads.s3.direct`); nobody writes here.
    DIRECT = "direct"
    #: Its parts are being made an object that can be read; nothing is added any more.
    SEALED = "sealed"
    #: Its bytes are becoming a blob: it is not found any more, and needs `finish`.
    SHUT = "shut"
    #: It is being deleted.
    GONE = "gone"


class ExtentKind(StrEnum):
    """In which form bytes lie in the store."""

    #: A part of the multipart upload.
    PART = "part"
    #: An object of its own.
    PIECE = "piece"


@dataclass(frozen=True, slots=True)
class Extent:
    """Some bytes of an upload, as one thing in the store."""

    kind: ExtentKind
    #: A part's number in the multipart upload; a piece's place among the pieces.
    number: int
    #: A part's entity tag; a piece's place in the store.
    name: str
    size_bytes: int
    #: It does not count (yet).
    held: bool = False

    @property
    def is_settled(self) -> bool:
        """Whether nothing but finishing ever looks at it again."""
        return self.kind is ExtentKind.PART and not self.held


@dataclass(frozen=True, slots=True)
class Account:
    """What is on record of an upload's bytes. Settled parts are kept apart, as there may be thousands."""

    upload_id: str
    #: Of the blob its bytes become; `None`: not known before the end, or of none.
    key: str | None = None
    state: AccountState = AccountState.OPEN
    #: The latest epoch that was heard of, and the sizes in bytes of those before it.
    epoch: int = 1
    sizes: tuple[int, ...] = ()
    #: Token of the writer that holds it, and how long ago that was last heard of.
    holder: str | None = None
    silent_seconds: float = field(default=0.0, compare=False)
    #: How long ago a writer last opened it or got bytes.
    idle_seconds: float = field(default=0.0, compare=False)
    multipart_id: str | None = None
    #: Where the multipart upload's object will be.
    place: str | None = None
    #: The first number that no part was ever sent under.
    next_number: int = 1
    settled_bytes: int = 0
    #: All but the settled parts; in an account that was just changed also those that became it.
    extents: tuple[Extent, ...] = ()

    @property
    def pieces(self) -> tuple[Extent, ...]:
        """All pieces, also those that are held back."""
        return tuple(one for one in self.extents if one.kind is ExtentKind.PIECE)

    @property
    def tail(self) -> tuple[Extent, ...]:
        """The pieces behind the settled parts, in their order."""
        return tuple(one for one in self.pieces if not one.held)

    @property
    def counted(self) -> int:
        """How many bytes the upload has."""
        return self.settled_bytes + _sum(self.tail)

    @property
    def part_at(self) -> int:
        """Offset of the next part, also of one that is held back."""
        return self.settled_bytes + _sum(self._held(ExtentKind.PART))

    @property
    def behind_parts(self) -> tuple[Extent, ...]:
        """The pieces that the next part takes the place of, in their order."""
        tail = () if self._held(ExtentKind.PART) else self.tail
        return (*tail, *self._held(ExtentKind.PIECE))

    @property
    def reached(self) -> int:
        """How many bytes are in the store, held back or not."""
        return self.part_at + _sum(self.behind_parts)

    def _held(self, kind: ExtentKind) -> tuple[Extent, ...]:
        return tuple(one for one in self.extents if one.kind is kind and one.held)

    def require_holder(self, token: str) -> None:
        """Raise `WriterFenced` unless this writer holds it, `NotFound` when the upload is gone."""
        self.require_present()
        if self.holder != token:
            raise WriterFenced("another writer has taken the upload over")

    def require_present(self) -> None:
        """Raise `NotFound` once its bytes are being handed over or dropped."""
        if self.state in {AccountState.SHUT, AccountState.GONE}:
            raise NotFound("no such upload")

    def sizes_before(self, upload: UploadRef) -> tuple[int, ...]:
        """Return the sizes of the segments before the upload's epoch: those on its record stay."""
        known = (*self.sizes, self.counted - sum(self.sizes))
        rest = known[len(upload.frozen) : upload.epoch - 1]
        missing = upload.epoch - 1 - len(upload.frozen) - len(rest)
        if sum(upload.frozen) > self.counted:
            raise Damaged(f"{self.counted} bytes are left of {sum(upload.frozen)}")
        return (*upload.frozen, *rest, *(0 for _ in range(missing)))

    def size_of(self, upload: UploadRef) -> int:
        """Return how many bytes the upload has as its record and this account say together."""
        known = (*self.sizes, self.counted - sum(self.sizes))
        return sum(self.sizes_before(upload)) + sum(known[upload.epoch - 1 : upload.epoch])


def _sum(extents: Iterable[Extent]) -> int:
    return sum(one.size_bytes for one in extents)


def fenced(account: Account, epoch: int) -> Account:
    """Let nobody of an earlier epoch add anything from now on. Raises `NotFound`."""
    account.require_present()
    if epoch <= account.epoch:
        return account
    sizes = (*account.sizes, account.counted - sum(account.sizes))
    later = tuple(0 for _ in range(epoch - 1 - len(sizes)))
    return replace(dropped(account), epoch=epoch, sizes=(*sizes, *later), holder=None)


def opened(account: Account, upload: UploadRef, token: str) -> Account:
    """Let a writer hold it. Raises as `UploadStore.open_writer`."""
    return replace(_taken(account, upload), holder=token)


def shut(account: Account, upload: UploadRef, key: str) -> Account:
    """Let its bytes become a blob. Raises as `UploadStore.finish`."""
    if account.state is AccountState.GONE:
        raise NotFound("no such upload")
    if account.state is AccountState.SHUT:
        return account
    if account.state is AccountState.DIRECT:
        return replace(account, state=AccountState.SHUT, key=key)
    return replace(_taken(account, upload), holder=None, state=AccountState.SHUT, key=key)


def sealed(account: Account) -> Account:
    """Let nobody add anything from now on. Raises `UploadBusy` while somebody does, `NotFound`."""
    account.require_present()
    _require_free(account)
    return replace(dropped(account), holder=None, state=AccountState.SEALED)


def gone(account: Account) -> Account:
    """Let it not be found any more."""
    return replace(account, state=AccountState.GONE, holder=None)


def _taken(account: Account, upload: UploadRef) -> Account:
    """Return the account without its holder, if the upload's epoch may go on with it."""
    if account.state in {AccountState.SEALED, AccountState.DIRECT}:
        raise WriterFenced("its bytes are part of a whole, or go straight to the store")
    if len(upload.frozen) != upload.epoch - 1:
        raise WriterFenced("the epochs before are not frozen")
    if upload.epoch < account.epoch:
        raise WriterFenced("a later epoch has begun")
    mine = fenced(account, upload.epoch)
    _require_free(mine)
    if sum(upload.frozen) != sum(mine.sizes):
        raise Damaged(f"{sum(mine.sizes)} bytes were stored of {sum(upload.frozen)}")
    return dropped(mine)


def _require_free(account: Account) -> None:
    if account.holder and account.silent_seconds < LEASE_SECONDS:
        raise UploadBusy(account.upload_id)


def released(account: Account, token: str) -> Account:
    """Let go of it, if this writer holds it; what it held back does not count."""
    return replace(dropped(account), holder=None) if account.holder == token else account


def started(account: Account, multipart_id: str, place: str) -> Account:
    """Note the multipart upload that its parts are sent to."""
    return replace(account, multipart_id=multipart_id, place=place)


def directed(account: Account, multipart_id: str, place: str) -> Account:
    """Have its parts sent by its client. Raises `UploadBusy` once anything was sent here, `NotFound`."""
    account.require_present()
    if account.state is not AccountState.OPEN or account.holder or account.reached or account.multipart_id:
        raise UploadBusy(account.upload_id)
    return replace(started(account, multipart_id, place), state=AccountState.DIRECT)


def adopted(account: Account, parts: tuple[Extent, ...]) -> Account:
    """Let the parts that its client sent be its bytes; done before, it stays so. Raises `NotFound`."""
    if account.state is not AccountState.DIRECT:
        raise NotFound("no such upload")
    return account if account.settled_bytes else replace(account, extents=parts, settled_bytes=_sum(parts))


def require_number(account: Account) -> int:
    """Return the next number of a part. Raises `StorageFull` when there is none."""
    if account.next_number > MOST_PARTS:
        raise StorageFull(f"more than {MOST_PARTS} parts were sent of the upload")
    return account.next_number


def reserved(account: Account) -> Account:
    """Reserve the next number of a part: nobody else ever sends anything under it. Raises `StorageFull`."""
    require_number(account)
    return replace(account, next_number=account.next_number + 1)


def with_part(account: Account, number: int, etag: str, size_bytes: int, *, held: bool = False) -> Account:
    """Add a part in the place of the pieces behind the parts; of a `held` one only once it is kept."""
    part = Extent(ExtentKind.PART, number, etag, size_bytes, held)
    if not held:
        return replace(account, extents=(part,), settled_bytes=account.settled_bytes + size_bytes)
    stays = (one for one in account.extents if not (one.held and one.kind is ExtentKind.PIECE))
    return replace(account, extents=(*stays, part))


def with_last(account: Account, number: int, etag: str, size_bytes: int) -> Account:
    """Add the part that takes the tail's place at the end, unless somebody has; its number is used now."""
    if not account.tail:
        return account
    return replace(with_part(account, number, etag, size_bytes), next_number=number + 1)


def with_piece(account: Account, place: str, size_bytes: int, *, held: bool = False) -> Account:
    """Add a piece at the end."""
    number = 1 + max((one.number for one in account.pieces), default=0)
    piece = Extent(ExtentKind.PIECE, number, place, size_bytes, held)
    return replace(account, extents=(*account.extents, piece))


def kept(account: Account) -> Account:
    """Let all that is held back count."""
    count = tuple(replace(one, held=False) for one in account.extents if one.held)
    parts = [one for one in count if one.kind is ExtentKind.PART]
    extents = count if parts else (*account.tail, *count)
    return replace(account, extents=extents, settled_bytes=account.settled_bytes + _sum(parts))


def dropped(account: Account) -> Account:
    """Drop all that is held back."""
    return replace(account, extents=tuple(one for one in account.extents if not one.held))


def as_piece(account: Account) -> Account:
    """Put the object that the settled parts have become in their place."""
    if not account.settled_bytes or account.place is None:
        return account
    whole = Extent(ExtentKind.PIECE, 0, account.place, account.settled_bytes)
    return replace(account, extents=(whole, *account.tail), settled_bytes=0, multipart_id=None, place=None)
