"""Every route, as a table."""

from aiohttp import web

from gateway import evidence, health, queues
from gateway.decision import decide
from gateway.events import handlers as events
from gateway.expecting import ASK_LATER
from gateway.ietf.routes import RESUMABLE
from gateway.openapi.service import DOCUMENT_PATH
from gateway.openapi.serving import openapi
from gateway.tus.append import append
from gateway.tus.create import create
from gateway.tus.head import head
from gateway.tus.options import options
from gateway.tus.override import override
from gateway.tus.protocol import ROOT
from gateway.tus.terminate import terminate

ROUTES: tuple[web.AbstractRouteDef, ...] = (
    web.options(ROOT, options),
    web.post(ROOT, create, **ASK_LATER),
    web.options(f"{ROOT}/{{id}}", options),
    web.head(f"{ROOT}/{{id}}", head),
    web.patch(f"{ROOT}/{{id}}", append, **ASK_LATER),
    web.delete(f"{ROOT}/{{id}}", terminate),
    web.post(f"{ROOT}/{{id}}", override, **ASK_LATER),
    *RESUMABLE,
    web.get("/v1/evidence", evidence.listing),
    web.get("/v1/evidence/{id}", evidence.show),
    web.get("/v1/evidence/{id}/original", evidence.original),
    web.get("/v1/evidence/{id}/renditions/{kind}", evidence.rendition),
    web.post("/v1/evidence/{id}/decision", decide),
    web.get("/v1/evidence/{id}/events", events.of_evidence, allow_head=False),
    web.get("/v1/events", events.of_centre, allow_head=False),
    web.get("/v1/queues", queues.queues),
    web.get("/metrics", queues.metrics),
    web.get("/livez", health.livez),
    web.get("/readyz", health.readyz),
    web.get(DOCUMENT_PATH, openapi),
)
