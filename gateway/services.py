"""What the handlers are given: one value made at the composition root."""

from dataclasses import dataclass

from config.settings import Settings
from gateway.looking import Look
from gateway.telling import Telling
from gateway.tokens import Tokens
from gateway.uploads.hashing import Hashing
from gateway.uploads.joins import Joins
from gateway.uploads.space import Space
from storage.blobs import BlobStore
from storage.blobs.members import Members
from storage.records.evidence import EvidenceRecords
from storage.records.outbox import Outbox
from storage.records.parts import PartRecords
from storage.records.principals import Principals
from storage.records.uploads import UploadRecords
from storage.uploads import UploadStore
from storage.uploads.direct import DirectUploads
from workers.queue import JobQueue


@dataclass(frozen=True, slots=True)
class Services:
    """Records, stores and the queue, as the handlers use them."""

    settings: Settings
    evidence: EvidenceRecords
    uploads: UploadRecords
    parts: PartRecords
    outbox: Outbox
    principals: Principals
    #: `None`: only API keys are accepted.
    tokens: Tokens | None
    store: UploadStore
    #: `None`: the store of uploads is none that clients can reach.
    direct: DirectUploads | None
    space: Space
    #: Whether the store takes bytes now.
    look: Look
    blobs: BlobStore
    #: Of the blobs that are pyramids of tiles.
    members: Members
    queue: JobQueue
    telling: Telling
    joins: Joins
    hashing: Hashing
