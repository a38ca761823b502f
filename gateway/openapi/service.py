"""The operations for operators and machines."""

from typing import Any

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from gateway import answers
from gateway.openapi.operation import Answer, Operation

#: Where the document itself is served.
DOCUMENT_PATH = "/openapi.json"

_OPS = ("forbidden",)

SERVICE = (
    Operation(
        "GET",
        "/v1/queues",
        "Depth of every queue (role ops)",
        (Answer(200, "One row a queue.", answers.Queues),),
        refusals=(*_OPS, "busy"),
    ),
    Operation(
        "GET",
        "/metrics",
        "Figures for Prometheus (role ops)",
        (Answer(200, "Its text format.", media_types=(CONTENT_TYPE_PLAIN_0_0_4,)),),
        refusals=_OPS,
    ),
    Operation("GET", "/livez", "Does the process answer?", (Answer(200, "It does.", answers.Alive),)),
    Operation(
        "GET",
        "/readyz",
        "Can uploads be taken?",
        (
            Answer(200, "They can.", answers.Readiness),
            Answer(503, "They cannot at the moment.", answers.Readiness | answers.Stopping),
        ),
    ),
    Operation(
        "GET",
        DOCUMENT_PATH,
        "This description",
        (
            Answer(200, "The description.", dict[str, Any], headers=("ETag",)),
            Answer(304, "The client's copy is still right.", headers=("ETag",)),
        ),
        accepts=("If-None-Match",),
    ),
)
