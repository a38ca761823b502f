"""The OpenAPI 3.1 document of the routes that exist, made once when the server starts."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from aiohttp import web

from config.settings import Settings
from gateway import answers
from gateway.middlewares import OPEN_PATHS
from gateway.openapi.edition import Edition
from gateway.openapi.headers import load_headers
from gateway.openapi.operation import JSON, Operation, Query
from gateway.openapi.operations import OPERATIONS
from gateway.openapi.responses import responses_of
from gateway.openapi.schemas import Schema, schemas_of
from storage.evidence import RenditionKind

#: Version of the API: the prefix of its paths.
_VERSION = "1"

_ABOUT = """\
Evidence for an exam board: resumable uploads (tus 1.0.0), and what became of them.
Every refusal is told by RFC 9457 with a code, a reason and a remedy in plain words. GET may be HEAD anywhere.

A centre may have {uploads} unfinished uploads. One that nobody goes on with is dropped {lifetime:g} s
after its last byte; a finished one answers HEAD for {finished:g} s more. A connection that is silent for
{silent:g} s is cut."""

_IDS = {
    "id": Query("id", "Opaque; as it was given out.", {"type": "string"}),
    "part": Query("part", "Number of a part, from 1.", {"type": "integer", "minimum": 1, "maximum": 10_000}),
    "level": Query("level", "Of the pyramid; the largest is the picture itself.", {"type": "integer"}),
    "tile": Query("tile", "Column and row, from 0.", {"type": "string", "pattern": r"^\d+_\d+\.jpeg$"}),
    "kind": Query("kind", "What the rendition is for.", RenditionKind),
}


def publish(settings: Settings, routes: Iterable[web.AbstractRouteDef]) -> Edition:
    """Return the document as it is served."""
    body = json.dumps(describe(settings, routes), ensure_ascii=False).encode()
    return Edition(body, f'"{hashlib.sha256(body).hexdigest()}"')


def describe(settings: Settings, routes: Iterable[web.AbstractRouteDef]) -> dict[str, Any]:
    """Return the document of those of the routes that a row describes."""
    operations = tuple(_described(routes))
    bodies, named = schemas_of(_types(operations))
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        shown = _operation(operation, bodies)
        paths.setdefault(operation.path, {})[operation.method.lower()] = shown
    return {
        "openapi": "3.1.0",
        "info": {"title": "Evidence Intake", "version": _VERSION, "description": _about(settings)},
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(named.items())),
            "headers": dict(_headers()),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _described(routes: Iterable[web.AbstractRouteDef]) -> Iterator[Operation]:
    for route in routes:
        if isinstance(route, web.RouteDef) and (row := OPERATIONS.get((route.method, route.path))):
            yield row


def _types(operations: Iterable[Operation]) -> Iterator[Any]:
    yield answers.Problem
    yield RenditionKind
    for operation in operations:
        if operation.body:
            yield operation.body
        yield from (answer.body for answer in operation.answers if answer.body is not None)
        yield from (query.schema for query in operation.queries if not isinstance(query.schema, dict))


def _operation(operation: Operation, bodies: Mapping[Any, Schema]) -> dict[str, Any]:
    is_open = operation.path in OPEN_PATHS or operation.method == "OPTIONS"
    shown: dict[str, Any] = {
        "summary": operation.summary,
        "parameters": list(_parameters(operation, bodies)),
        "responses": responses_of(operation, bodies, is_open=is_open),
    }
    if operation.takes:
        shown["requestBody"] = {"content": {operation.takes: {}}}
    if operation.body:
        shown["requestBody"] = {"required": True, "content": {JSON: {"schema": bodies[operation.body]}}}
    return shown | ({"security": []} if is_open else {})


def _parameters(operation: Operation, bodies: Mapping[Any, Schema]) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"\{(\w+)\}", operation.path):
        yield _parameter(_IDS[name], "path", bodies)
    for query in operation.queries:
        yield _parameter(query, "query", bodies)
    table = load_headers()
    for name in (*operation.requires, *operation.accepts):
        row = Query(name, table[name].says, dict(table[name].schema))
        yield _parameter(row, "header", bodies) | {"required": name in operation.requires}


def _parameter(query: Query, where: str, bodies: Mapping[Any, Schema]) -> dict[str, Any]:
    schema = query.schema if isinstance(query.schema, dict) else bodies[query.schema]
    said = {"name": query.name, "in": where, "description": query.says, "schema": schema}
    return said | ({"required": True} if where == "path" else {})


def _headers() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every header twice: as one that an answer always carries, and as one that it may carry."""
    for name, row in load_headers().items():
        said = {"description": row.says, "schema": dict(row.schema)}
        yield name, said | {"required": True}
        yield f"{name}-if-any", said


def _about(settings: Settings) -> str:
    return _ABOUT.format(
        uploads=settings.open_uploads_per_centre,
        lifetime=settings.upload_lifetime_seconds,
        finished=settings.finished_upload_lifetime_seconds,
        silent=settings.silent_connection_seconds,
    )
