"""Refusals in the protocol's own words: its header, and the problem types that its registry has."""

from collections.abc import Awaitable, Callable, Mapping
from functools import wraps

from aiohttp import web

from gateway.ietf.dialects import Dialect, dialect_of
from gateway.problems import Problem

#: Ours, by the names of "HTTP Problem Types" (RFC 9457, section 4.2; the draft's section Problem Types).
_TYPES: Mapping[str, str] = {
    "offset_mismatch": "mismatching-upload-offset",
    "length_changed": "inconsistent-upload-length",
    "upload_complete": "completed-upload",
}
_REGISTRY = "https://iana.org/assignments/http-problem-types#"

_Spoken = Callable[[web.Request, Dialect], Awaitable[web.Response]]


def in_dialect(handler: _Spoken) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Let a handler know what the client speaks, and its refusals say so."""

    @wraps(handler)
    async def handle(request: web.Request) -> web.Response:
        dialect = dialect_of(request.headers)
        try:
            return await handler(request, dialect)
        except Problem as problem:
            speak(problem, dialect)
            raise

    return handle


def speak(problem: Problem, dialect: Dialect) -> None:
    """Let the problem say what the protocol wants to be said.

    The upload goes on unless the problem itself says that it is complete.
    """
    problem.headers = {**dialect.tell(is_complete=False), **problem.headers}
    if problem.code in _TYPES:
        problem.type = _REGISTRY + _TYPES[problem.code]
    if problem.code == "offset_mismatch":
        problem.members = {
            "expected-offset": int(problem.detail["expected"]),
            "provided-offset": int(problem.detail["provided"]),
        }
