"""What is counted of requests: their answers, how long those took, and the bytes that uploads brought."""

import time

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from gateway.keys import SERVICES
from workers.counters import Counter, Histogram

REQUESTS = Counter("http_requests", "Requests that were answered", ("method", "route", "status"))
REQUEST_SECONDS = Histogram(
    "http_request_duration_seconds",
    "Time from a request's head to its answer, its body included",
    ("method", "route"),
    (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600),
)
BYTES = Counter("upload_bytes", "Bytes of uploads that gateways received")

#: For what is none of ours: its text is the client's.
_OTHER = "other"


@web.middleware
async def measure(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count the request by its route's template, with the status of whatever answer the others made."""
    began = time.perf_counter()
    response = await handler(request)
    method = request.method if request.method in hdrs.METH_ALL else _OTHER
    resource = request.match_info.route.resource
    route = resource.canonical if resource else _OTHER
    counters = request.app[SERVICES].queue.counters
    counters.add(REQUESTS, method, route, str(response.status))
    counters.observe(REQUEST_SECONDS, method, route, seconds=time.perf_counter() - began)
    return response
