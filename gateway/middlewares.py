"""Around every request: its id, its principal, and the one place where errors become answers."""

import uuid

import structlog
from aiohttp import HttpVersion10, HttpVersion11, web
from aiohttp.typedefs import Handler, Middleware

from gateway.auth import authenticate, require_standing
from gateway.cors import allow_origin, answer_preflights
from gateway.keys import PRINCIPAL, REQUEST_ID
from gateway.measuring import measure
from gateway.problems import SERVER, Problem, problem_of, problem_response
from gateway.tus.protocol import ROOT, VERSION

#: Open without a key, besides `OPTIONS` anywhere.
OPEN_PATHS = frozenset({"/livez", "/readyz", "/openapi.json"})

#: Status of an answer that nobody is there to read.
_CLIENT_GONE = 499

#: Characters of a foreign method that an answer repeats.
_SHOWN = 40

_log = structlog.get_logger()


@web.middleware
async def name_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Bind a request id to the logs; `mark_responses` returns it."""
    request[REQUEST_ID] = uuid.uuid4().hex
    with structlog.contextvars.bound_contextvars(request_id=request[REQUEST_ID]):
        return await handler(request)


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every error into problem details; one that nobody foresaw is logged and answered 500."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        return _from_http(request, error)
    except ConnectionError:
        return web.Response(status=_CLIENT_GONE)
    except Exception as error:  # noqa: BLE001 - the HTTP edge; everything is logged and answered
        problem = problem_of(error) or Problem("internal_error")
        if problem is error and problem.status >= 500:
            _log.warning("request_refused", method=request.method, code=problem.code)
        elif problem.status >= 500:
            _log.exception("request_failed", method=request.method, error=type(error).__name__)
        problem.detail.setdefault("request_id", request[REQUEST_ID])
        return problem_response(problem)


def _from_http(request: web.Request, error: web.HTTPException) -> web.StreamResponse:
    """Word the router's own refusals as ours; other statuses of aiohttp pass."""
    if isinstance(error, web.HTTPNotFound):
        return problem_response(Problem("not_found"))
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        if request.method == "OPTIONS":
            return web.Response(status=204, headers={"Allow": f"{allowed}, OPTIONS"})
        detail = {"method": error.method[:_SHOWN], "allowed": allowed}
        return problem_response(Problem("method_not_allowed", detail, headers={"Allow": allowed}))
    return error


@web.middleware
async def require_http_1(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what only looks like HTTP/1.x (RFC 9112, section 2.3): 0.9 has no headers, 2 another framing."""
    if request.version not in {HttpVersion10, HttpVersion11}:
        detail = {"problem": "Only HTTP/1.1 is spoken here."}
        raise Problem("bad_request", detail, headers={"Connection": "close"})
    return await handler(request)


@web.middleware
async def know_principals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find out who is asking before anything is answered, even that a path does not exist."""
    if request.path not in OPEN_PATHS and request.method != "OPTIONS":
        request[PRINCIPAL] = require_standing(await authenticate(request))
    return await handler(request)


async def mark_responses(request: web.Request, response: web.StreamResponse) -> None:
    """Set what every answer carries: the protocol's version on upload paths, CORS, that nothing is sniffed.

    "The Tus-Resumable header MUST be included in every request and response except for OPTIONS requests."
    """
    if REQUEST_ID in request:  # an expectation that nobody meets is refused before the request has one
        response.headers["X-Request-Id"] = request[REQUEST_ID]
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Server"] = SERVER
    allow_origin(request, response)
    if request.path == ROOT or request.path.startswith(f"{ROOT}/"):
        response.headers["Tus-Resumable"] = VERSION


MIDDLEWARES: tuple[Middleware, ...] = (
    measure,
    name_requests,
    answer_errors,
    require_http_1,
    answer_preflights,
    know_principals,
)
