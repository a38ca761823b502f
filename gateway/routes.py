"""Every route, as a table."""

from aiohttp import web

from gateway import evidence, health, metrics, queues, zoom
from gateway.decision import decide
from gateway.direct.routes import DIRECT
from gateway.events import handlers as events
from gateway.expecting import ASK_LATER
from gateway.ietf.routes import RESUMABLE
from gateway.openapi.service import DOCUMENT_PATH
from gateway.openapi.serving import openapi
from gateway.tus.append import append
from gateway.tus.head import head
from gateway.tus.options import options
from gateway.tus.override import override_one, override_root
from gateway.tus.protocol import ROOT
from gateway.tus.terminate import terminate

_TABLE: tuple[web.RouteDef, ...] = (
    web.options(ROOT, options),
    web.post(ROOT, override_root),
    web.options(f"{ROOT}/{{id}}", options),
    web.head(f"{ROOT}/{{id}}", head),
    web.patch(f"{ROOT}/{{id}}", append),
    web.delete(f"{ROOT}/{{id}}", terminate),
    web.post(f"{ROOT}/{{id}}", override_one),
    *RESUMABLE,
    *DIRECT,
    web.get("/v1/evidence", evidence.listing),
    web.get("/v1/evidence/{id}", evidence.show),
    web.get("/v1/evidence/{id}/original", evidence.original),
    web.get("/v1/evidence/{id}/renditions/{kind}", evidence.rendition),
    web.get(f"{zoom.PYRAMID}/{zoom.DESCRIPTION}", zoom.description),
    web.get(f"{zoom.PYRAMID}/{zoom.TILE}", zoom.tile),
    web.post("/v1/evidence/{id}/decision", decide),
    web.get("/v1/evidence/{id}/events", events.of_evidence, allow_head=False),
    web.get("/v1/events", events.of_centre, allow_head=False),
    web.get("/v1/queues", queues.queues),
    web.get("/metrics", metrics.metrics),
    web.get("/livez", health.livez),
    web.get("/readyz", health.readyz),
    web.get(DOCUMENT_PATH, openapi),
)

ROUTES: tuple[web.AbstractRouteDef, ...] = tuple(
    web.RouteDef(route.method, route.path, route.handler, {**route.kwargs, **ASK_LATER}) for route in _TABLE
)
