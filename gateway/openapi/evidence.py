"""The operations on evidence."""

from gateway import answers
from gateway.decision import Decision
from gateway.events.wording import CONTENT_TYPE as EVENTS_TYPE
from gateway.evidence import LARGEST_PAGE, USUAL_PAGE
from gateway.openapi.operation import Answer, Operation, Query
from gateway.zoom import DESCRIPTION, PYRAMID, TILE
from storage.states import EvidenceState

_LIMIT = {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": USUAL_PAGE}
_LOOKING = ("forbidden", "not_found")
_CONDITIONS = ("Range", "If-Range", "If-None-Match")
_OF_BYTES = ("ETag", "Content-Disposition")
_HEADERS = (*_OF_BYTES, "Accept-Ranges")
_ANY = ("*/*",)

_DOWNLOAD = (
    Answer(200, "The bytes.", media_types=_ANY, headers=_HEADERS),
    Answer(206, "The range that was asked for.", media_types=_ANY, headers=(*_HEADERS, "Content-Range")),
    Answer(304, "The client's copy is still right.", headers=_HEADERS),
    Answer(
        307, "Get the bytes at this address, good for some minutes, without a key.", headers=("Location",)
    ),
)
_REFUSED = (*_LOOKING, "range_not_satisfiable")


def _member(media_type: str) -> tuple[Answer, ...]:
    """Return what is answered with one member of a pyramid, which has neither ranges nor redirections."""
    return (
        Answer(200, "The bytes.", media_types=(media_type,), headers=_OF_BYTES),
        Answer(304, "The client's copy is still right.", headers=_OF_BYTES),
    )


_EVENTS = Answer(200, "Server-sent events, for as long as the client listens.", media_types=(EVENTS_TYPE,))
_FOLLOWING = ("invalid_header", "busy", "too_many_streams")

EVIDENCE = (
    Operation(
        "GET",
        "/v1/evidence",
        "List evidence, newest first",
        (Answer(200, "One page.", answers.EvidencePage),),
        refusals=("forbidden", "invalid_cursor"),
        queries=(
            Query("state", "Only evidence in this state.", EvidenceState),
            Query("limit", "The most that one page holds.", _LIMIT),
            Query("cursor", "The `next_cursor` of the page before.", {"type": "string"}),
        ),
    ),
    Operation(
        "GET",
        "/v1/evidence/{id}",
        "State, reason, stages with progress, and renditions of one piece of evidence",
        (Answer(200, "The evidence.", answers.Evidence),),
        refusals=_LOOKING,
    ),
    Operation(
        "GET",
        "/v1/evidence/{id}/original",
        "The unaltered bytes, once the evidence is ready (held: to reviewing roles)",
        _DOWNLOAD,
        refusals=_REFUSED,
        tells_evidence=True,
        accepts=_CONDITIONS,
    ),
    Operation(
        "GET",
        "/v1/evidence/{id}/renditions/{kind}",
        "One rendition, once the evidence is ready (held: to reviewing roles)",
        _DOWNLOAD,
        refusals=_REFUSED,
        tells_evidence=True,
        accepts=_CONDITIONS,
    ),
    Operation(
        "GET",
        f"{PYRAMID}/{DESCRIPTION}",
        "What a Deep Zoom viewer asks for first: the size of a large picture, and of its tiles",
        _member("application/xml"),
        refusals=_LOOKING,
        tells_evidence=True,
        accepts=("If-None-Match",),
    ),
    Operation(
        "GET",
        f"{PYRAMID}/{TILE}",
        "One tile of a large picture, without the others",
        _member("image/jpeg"),
        refusals=_LOOKING,
        tells_evidence=True,
        accepts=("If-None-Match",),
    ),
    Operation(
        "POST",
        "/v1/evidence/{id}/decision",
        "Release held evidence to go on, or reject it (board: qa_officer, team_leader)",
        (Answer(200, "The evidence as it is now.", answers.Evidence),),
        refusals=(*_LOOKING, "bad_request", "not_held", "not_releasable"),
        body=Decision,
    ),
    Operation(
        "GET",
        "/v1/evidence/{id}/events",
        "Follow one piece of evidence: as it is now, then every change, until it has reached an end",
        (_EVENTS, Answer(204, "It has reached the end that the client knows; nothing will follow.")),
        refusals=(*_LOOKING, *_FOLLOWING),
        accepts=("Last-Event-ID",),
    ),
    Operation(
        "GET",
        "/v1/events",
        "Follow all evidence that may be seen: what changes from now on, or changed since `Last-Event-ID`",
        (_EVENTS,),
        refusals=(*_LOOKING, *_FOLLOWING),
        queries=(Query("centre", "Only this centre's.", {"type": "string"}),),
        accepts=("Last-Event-ID",),
    ),
)
