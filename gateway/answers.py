"""The JSON bodies of every answer, as types: what is answered and what `/openapi.json` says are one thing."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypeAliasType, TypedDict

from storage.evidence import RenditionKind
from storage.states import EvidenceState, StageName, StageState
from workers.queue import QueueDepth

#: A row of `config/reasons.toml`.
Code = TypeAliasType("Code", str)

#: A time by RFC 3339, in UTC.
Instant = TypeAliasType("Instant", Annotated[str, Field(json_schema_extra={"format": "date-time"})])

Sha256 = TypeAliasType("Sha256", Annotated[str, Field(pattern="^[0-9a-f]{64}$")])

Bytes = Annotated[int, Field(ge=0)]


#: What problems of one kind have besides: where an upload stands, and where its sender thought it did.
ProblemMembers = TypedDict(
    "ProblemMembers", {"expected-offset": NotRequired[Bytes], "provided-offset": NotRequired[Bytes]}
)


class Problem(ProblemMembers):
    """A refusal (RFC 9457)."""

    type: str
    title: str
    status: int
    code: Code
    #: The reason, in plain words.
    detail: str
    #: What to do about it, in plain words.
    remedy: str


class DirectUpload(TypedDict):
    """An upload whose parts go straight to the object store."""

    uploadId: str
    #: The id of the evidence that it becomes.
    key: str


class SignedPart(TypedDict):
    """Where one part of it is to be sent."""

    url: str
    #: Seconds for which the address is good.
    expires: Annotated[int, Field(ge=1)]


class StoredPart(TypedDict):
    """A part of it that is in the store."""

    PartNumber: Annotated[int, Field(ge=1)]
    Size: Bytes
    ETag: str


class DirectCompletion(TypedDict):
    """What it has become."""

    #: The evidence, as an absolute address.
    location: str
    key: str


class Nothing(TypedDict):
    """An object without members."""


class Scan(TypedDict):
    """The verdict of the virus scan on the exact bytes whose hash the evidence carries."""

    #: `clean`, `clean_windowed` (scanned in overlapping windows) or `infected`.
    verdict: str
    #: `full`, `windows`, or `raw_bytes` until every member was scanned too.
    coverage: str
    engine: str
    #: When the signatures were made; null: of unknown age.
    signatures_at: Instant | None


class Stage(TypedDict):
    """One kind of work on a piece of evidence."""

    name: StageName
    state: StageState
    progress: Annotated[float, Field(ge=0, le=1)]
    eta_seconds: Annotated[float, Field(ge=0)] | None
    #: How often it was begun.
    attempts: Annotated[int, Field(ge=0)]
    started_at: Instant | None
    ended_at: Instant | None


class Rendition(TypedDict):
    """A new file made from the original."""

    kind: RenditionKind
    media_type: str
    size_bytes: Bytes
    sha256: Sha256
    width: int | None
    height: int | None
    duration_seconds: float | None
    url: str


class NoPreview(TypedDict):
    """Why there is nothing to look at but the original."""

    code: str
    reason: str


class Original(TypedDict):
    """Where the unaltered bytes are, once they may be seen."""

    url: str


class Evidence(TypedDict):
    """One piece of evidence."""

    id: str
    state: EvidenceState
    #: It waits on us; `code` says for what, and the state stays.
    delayed: bool
    #: Why it waits, or how it ended; null while all is well.
    code: Code | None
    reason: str | None
    remedy: str | None
    filename: str | None
    media_type: str | None
    size_bytes: Bytes | None
    sha256: Sha256 | None
    created_at: Instant
    updated_at: Instant
    #: Counts changes: of two answers, the higher one is the newer.
    version: Annotated[int, Field(ge=1)]
    scan: Scan | None
    flags: list[str]
    #: Of a document or a picture of several; null where nothing was counted.
    pages: int | None
    #: Null where there are renditions, or none are due.
    no_preview: NoPreview | None
    #: It is ready only when each of these is `done` or `skipped`.
    stages: list[Stage]
    renditions: list[Rendition]
    original: Original


class EvidencePage(TypedDict):
    """A page of a list, newest first."""

    items: list[Evidence]
    #: Ask for the next page with it; null: this is the last one.
    next_cursor: str | None


class Queues(TypedDict):
    """The depth of every queue."""

    items: list[QueueDepth]


class Alive(TypedDict):
    """The process answers."""

    status: Literal["alive"]


class Readiness(TypedDict):
    """Whether requests can be served."""

    #: `degraded`: without Redis uploads are taken and wait, without room nothing new is taken.
    #: `unavailable`: without records or store.
    status: Literal["ready", "degraded", "unavailable"]
    records: bool
    redis: bool
    #: Where bytes are kept answers; asked every few seconds at most.
    store: bool
    #: It has room beyond the reserve.
    room: bool
    #: Tools that the service can do without, as LibreOffice, and that some worker lacks: what they would show
    #: is `ready` without pictures. Null: not known, without Redis.
    lacking: list[str] | None


class Stopping(TypedDict):
    """The server is stopping and takes nothing new."""

    status: Literal["stopping"]
