"""An upload's record as a value: a transfer of bytes, not the evidence it becomes. No I/O."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from storage.evidence import original_key
from storage.uploads import UploadRef


class UploadState(StrEnum):
    """Where a transfer is."""

    OPEN = "open"
    #: Every byte arrived and the evidence was received; still answers HEAD for a while.
    FINISHED = "finished"
    #: Cancelled by its sender.
    TERMINATED = "terminated"
    #: Not finished in time.
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Upload:
    """One transfer."""

    #: Random, 128 bits or more; the upload's address.
    id: str
    #: The evidence its bytes become; `None` for a part of one, which a whole names.
    evidence_id: str | None
    centre_id: str
    #: Who began it.
    principal_id: str
    created_at: datetime
    #: When it is dropped unless bytes arrive; moves with every byte.
    expires_at: datetime
    state: UploadState = UploadState.OPEN
    #: Announced length in bytes; `None` while deferred.
    length_bytes: int | None = None
    #: The `Upload-Metadata` header as it was sent, for HEAD.
    metadata: str = ""
    #: Epoch of the present writer and the frozen sizes of the segments before it.
    epoch: int = 1
    frozen: tuple[int, ...] = ()
    #: The `Upload-Concat` header as it was sent; `None` for an upload that is neither part nor whole.
    concat: str | None = None
    #: Ids of the uploads whose bytes, in this order, are this one's.
    parts: tuple[str, ...] = ()
    #: SHA-256 (hex) of the bearer tokens that are good for this upload alone.
    grants: tuple[str, ...] = ()
    #: `Idempotency-Key` of its creation, unique in its centre.
    idempotency_key: str | None = None
    finished_at: datetime | None = None
    #: SHA-256 (hex) that its sender says all of it has: with another one it ends.
    sha256: str | None = None
    #: Its sender wants to be told the SHA-256 in the end.
    wants_digest: bool = False

    @property
    def ref(self) -> UploadRef:
        """What the upload store must know."""
        key = None if self.evidence_id is None else original_key(self.evidence_id)
        return UploadRef(self.id, self.epoch, self.frozen, key)

    @property
    def becomes(self) -> str:
        """The id of the evidence its bytes become. Raises `ValueError` for a part, which becomes none."""
        if self.evidence_id is None:
            raise ValueError("a part of an upload is no evidence")
        return self.evidence_id
