"""What one operation answers: its own answers, and its refusals by status."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from config.reasons import load_reasons
from gateway.openapi.operation import JSON, Answer, Operation
from gateway.openapi.schemas import Schema, problem_schema
from gateway.problems import CONTENT_TYPE
from gateway.tus.protocol import ROOT

#: Refusals that any operation knows, and those of the operations that need a key.
_ANYWHERE = ("bad_request", "internal_error", "storage_unavailable")
_SIGNED_IN = ("unauthorized", "token_expired", "token_invalid", "no_role", "sign_in_unavailable")

#: Headers that a refusal may carry, by its status.
_REFUSED_WITH: Mapping[int, tuple[str, ...]] = {
    401: ("WWW-Authenticate", "Upload-Offset", "Location"),
    408: ("Upload-Offset", "Location"),
    409: ("Upload-Offset", "Location"),
    412: ("Tus-Version",),
    413: ("Location",),
    416: ("Content-Range",),
    429: ("Retry-After",),
    460: ("Upload-Offset", "Location"),
    503: ("Retry-After", "Upload-Offset", "Location"),
    507: ("Retry-After", "Upload-Offset", "Location"),
}


def responses_of(operation: Operation, bodies: Mapping[Any, Schema], *, is_open: bool) -> dict[str, Any]:
    """Return the responses object of one operation."""
    answered = {str(answer.status): _answered(operation, answer, bodies) for answer in operation.answers}
    for status, codes in sorted(_refusals(operation, is_open=is_open).items()):
        refused = _refused(operation, status, codes)
        if str(status) in answered:
            answered[str(status)]["content"] |= refused.get("content", {})
        else:
            answered[str(status)] = refused
    return answered


def _answered(operation: Operation, answer: Answer, bodies: Mapping[Any, Schema]) -> dict[str, Any]:
    content: dict[str, Any] = {media_type: {} for media_type in answer.media_types}
    if answer.body is not None:
        content[JSON] = {"schema": bodies[answer.body]}
    said: dict[str, Any] = {
        "description": answer.says,
        "headers": _headers(operation, answer.headers, answer.maybe),
    }
    return said | ({"content": content} if content else {})


def _refusals(operation: Operation, *, is_open: bool) -> Mapping[int, set[str]]:
    reasons = load_reasons()
    by_status: defaultdict[int, set[str]] = defaultdict(set)
    for code in (*_ANYWHERE, *(() if is_open else _SIGNED_IN), *operation.refusals):
        by_status[reasons[code].status].add(code)
    if operation.tells_evidence:
        by_status[409] |= reasons.keys()
    return by_status


def _refused(operation: Operation, status: int, codes: Iterable[str]) -> dict[str, Any]:
    reasons = load_reasons()
    said: dict[str, Any] = {
        "description": " / ".join(dict.fromkeys(reasons[code].title for code in sorted(codes))),
        "headers": _headers(operation, (), (*_REFUSED_WITH.get(status, ()), *operation.refused_with)),
    }
    if operation.method != "HEAD":
        said["content"] = {CONTENT_TYPE: {"schema": problem_schema(codes, status)}}
    return said


def _headers(operation: Operation, always: Iterable[str], maybe: Iterable[str]) -> dict[str, Any]:
    """Return references to headers; those of every answer are among them."""
    everywhere = ("X-Request-Id", *(("Tus-Resumable",) if operation.path.startswith(ROOT) else ()))
    required = {name: {"$ref": f"#/components/headers/{name}"} for name in (*everywhere, *always)}
    return required | {name: {"$ref": f"#/components/headers/{name}-if-any"} for name in maybe}
