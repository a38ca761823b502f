"""What the stages' work is given: one value made at the composition root."""

from dataclasses import dataclass

from config.settings import Settings
from scanning.pool import ClamdPool
from storage.blobs import BlobStore
from storage.records.evidence import EvidenceRecords
from storage.records.outbox import Outbox
from storage.records.upkeep import Upkeep
from transcode.children import ChildPool
from transcode.office import Office
from workers.queue import JobQueue


@dataclass(frozen=True, slots=True)
class Context:
    """Records, stores, scanner, sandboxed children and office program, as the tasks use them."""

    settings: Settings
    #: This worker's name in the audit trail.
    name: str
    evidence: EvidenceRecords
    outbox: Outbox
    upkeep: Upkeep
    blobs: BlobStore
    queue: JobQueue
    scanner: ClamdPool
    children: ChildPool
    office: Office
