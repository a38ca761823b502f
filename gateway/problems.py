"""Refusals as RFC 9457 problem details: the one table from errors to codes, and the one way to answer them.

Problem        a refusal with a code of `config/reasons.toml`, its details and its headers
Ended          this server ends the request's body before its end
├── TakenOver  another sender takes over, because this one had gone silent
├── Silent     the sender said nothing for too long
├── TooSlow    the sender's bytes only trickled in
├── Revoked    the sender's key was revoked
└── Stopping   the server is stopping
"""

from collections.abc import Mapping

from aiohttp import web

from config.reasons import load_reasons
from gateway import answers
from storage import errors
from workers.judging import NotHeld, NotProved

CONTENT_TYPE = "application/problem+json"


class Ended(TimeoutError):
    """The request's body is ended by this server before its end.

    A `TimeoutError`, because the server then gives up on the rest of the body without complaint.
    """


class TakenOver(Ended):
    """The sender had gone silent and another one took the upload over."""


class Silent(Ended):
    """The sender said nothing for too long; the connection is cut, its bytes are kept."""


class TooSlow(Ended):
    """The sender's bytes only trickled in; the connection is cut, they are kept."""


class Revoked(Ended):
    """The sender's key was revoked meanwhile; what has arrived is kept."""


class Stopping(Ended):
    """The server is stopping; what has arrived is kept."""


#: Errors of the layers below, by the code they are answered with; first match wins.
ERROR_CODES: tuple[tuple[type[Exception], str], ...] = (
    (TakenOver, "upload_busy"),
    (Silent, "silent"),
    (TooSlow, "too_slow"),
    (Revoked, "key_revoked"),
    (errors.KeyRevoked, "key_revoked"),
    (Stopping, "busy"),
    (NotHeld, "not_held"),
    (NotProved, "not_releasable"),
    (errors.NotFound, "not_found"),
    (errors.UploadBusy, "upload_busy"),
    (errors.WriterFenced, "upload_busy"),
    (errors.BadCursor, "invalid_cursor"),
    (errors.StorageFull, "storage_full"),
    (errors.Damaged, "internal_error"),
    (errors.StorageError, "storage_unavailable"),
)

#: Seconds after which it is worth another try, by code (RFC 9110, section 10.2.3).
_RETRY_AFTER: Mapping[str, str] = {"storage_unavailable": "10", "storage_full": "600"}

#: What every answer says of the server: neither what it is made of nor which version.
SERVER = "Evidence-Intake"

#: Words on the status line for statuses that HTTP itself does not know (tus 1.0.0, Checksum).
_PHRASES = {460: "Checksum Mismatch"}


class Problem(Exception):
    """A refusal that a handler raises; the middleware answers it."""

    def __init__(
        self,
        code: str,
        detail: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(code)
        #: HTTP status; the table's unless the place says otherwise.
        self.status = status or load_reasons()[code].status
        self.code = code
        self.detail = dict(detail or {})
        self.headers = {"Retry-After": _RETRY_AFTER[code]} if code in _RETRY_AFTER else {}
        self.headers.update(headers or {})
        #: URI reference that identifies the kind of problem (RFC 9457, section 3.1.1)…
        self.type = f"/problems/{code}"
        #: …and what only this kind has.
        self.members: answers.ProblemMembers = {}


def offset_mismatch(expected: int, provided: int) -> Problem:
    """Return the 409 that says where an upload stands."""
    detail = {"expected": str(expected), "provided": str(provided)}
    return Problem("offset_mismatch", detail, headers={"Upload-Offset": str(expected)})


def already_complete(length: int) -> Problem:
    """Return the 409 for more bytes than a complete upload has."""
    return Problem("upload_complete", headers={"Upload-Offset": str(length)})


def problem_of(error: Exception) -> Problem | None:
    """Return the refusal an error of a lower layer stands for, or `None` for one that nobody foresaw."""
    if isinstance(error, Problem):
        return error
    for kind, code in ERROR_CODES:
        if isinstance(error, kind):
            return Problem(code)
    return None


def problem_response(problem: Problem) -> web.Response:
    """Format a refusal: status, `application/problem+json`, plain words."""
    row = load_reasons()[problem.code]
    reason, remedy = row.told(problem.detail)
    body: answers.Problem = {
        "type": problem.type,
        "title": row.title,
        "status": problem.status,
        "code": problem.code,
        "detail": reason,
        "remedy": remedy,
        **problem.members,
    }
    phrase = _PHRASES.get(problem.status)
    response = web.json_response(body, status=problem.status, reason=phrase, content_type=CONTENT_TYPE)
    response.headers["Cache-Control"] = "no-store"
    if problem.status == 401:
        # "The server generating a 401 response MUST send a WWW-Authenticate header field" (RFC 9110).
        response.headers["WWW-Authenticate"] = "Bearer"
    response.headers.update(problem.headers)
    if problem.headers.get("Connection") == "close":
        response.force_close()
    return response
