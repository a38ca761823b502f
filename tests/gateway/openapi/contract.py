"""Does an answer keep to the served document, and does the document say all of the answer?"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from aiohttp import web
from jsonschema import Draft202012Validator

from gateway.keys import OPENAPI, REQUEST_ID
from gateway.problems import CONTENT_TYPE

Json = dict[str, Any]

#: Nobody is there to read these.
_UNSENT = {499}


class Contract:
    """The served document, closed: an object may hold nothing that its schema does not name."""

    def __init__(self, document: Json) -> None:
        self.document = deepcopy(document)
        for schema in self.document["components"]["schemas"].values():
            if "properties" in schema:
                schema["additionalProperties"] = False

    def complaints(
        self, method: str, path: str, status: int, headers: Mapping[str, str], body: bytes | None
    ) -> Iterator[str]:
        """Yield what is wrong with one answer to a route's path; a `body` of `None` was streamed."""
        operation = self.document["paths"].get(path, {}).get(method.lower())
        said = operation and operation["responses"].get(str(status))
        if not said:
            yield "no such answer is described: add it to the operation's row in gateway/openapi"
            return
        yield from self._of_headers(said.get("headers", {}), headers)
        if body:
            yield from self._of_body(said.get("content", {}), headers.get("Content-Type", ""), body)

    def _of_headers(self, said: Json, headers: Mapping[str, str]) -> Iterator[str]:
        known = self.document["components"]["headers"]
        for name in known:
            if name in headers and name not in said:
                yield f"the header {name} is not described here"
        for name, reference in said.items():
            row = known[reference["$ref"].rpartition("/")[2]]
            if name in headers:
                kind = row["schema"].get("type")
                yield from self.misfits(
                    row["schema"], int(headers[name]) if kind == "integer" else headers[name]
                )
            elif row.get("required"):
                yield f"the header {name} is missing"

    def _of_body(self, content: Json, media_type: str, body: bytes) -> Iterator[str]:
        bare = media_type.partition(";")[0]
        row = content.get(bare, content.get(media_type, content.get("*/*")))
        if row is None:
            yield f"a body of {media_type} is not described"
        elif "schema" in row:
            yield from self.misfits(row["schema"], json.loads(body))

    def misfits(self, schema: Json, value: object) -> Iterator[str]:
        whole = {**schema, "components": self.document["components"]}
        for error in Draft202012Validator(whole).iter_errors(value):
            yield f"{error.json_path}: {error.message}"


@contextmanager
def keeping_contract(app: web.Application) -> Iterator[None]:
    """Look at every answer of the application; fail at the end if one of them broke the document."""
    contract = Contract(json.loads(app[OPENAPI].body))
    broken: list[str] = []

    async def look(request: web.Request, response: web.StreamResponse) -> None:
        if response.status in _UNSENT or REQUEST_ID not in request:  # refused before it came to us
            return
        told = isinstance(response, web.Response) and request.method != "HEAD"
        data = bytes(response.body) if told and isinstance(response.body, bytes | bytearray) else None
        for complaint in _complaints(contract, request, response, data):
            broken.append(f"{request.method} {request.path} {response.status}: {complaint}")

    app.on_response_prepare.append(look)
    yield
    assert not broken, "\n".join(broken)


def _complaints(
    contract: Contract, request: web.Request, response: web.StreamResponse, body: bytes | None
) -> Iterator[str]:
    resource = request.match_info.route.resource
    if resource is None:
        if response.content_type == CONTENT_TYPE and body:
            yield from contract.misfits({"$ref": "#/components/schemas/Problem"}, json.loads(body))
        return
    path = resource.canonical
    described = contract.document["paths"].get(path, {})
    method = "GET" if request.method == "HEAD" and "head" not in described else request.method
    yield from contract.complaints(method, path, response.status, response.headers, body)
