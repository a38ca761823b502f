"""The description says all that exists, and nothing else."""

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from openapi_spec_validator import OpenAPIV31SpecValidator

from config.reasons import load_reasons
from config.settings import Settings
from gateway.app import create_app
from gateway.cors import REQUEST_HEADERS, RESPONSE_HEADERS
from gateway.middlewares import OPEN_PATHS
from gateway.openapi.document import describe, publish
from gateway.openapi.operations import OPERATIONS
from gateway.routes import ROUTES
from storage.states import EvidenceState

Json = dict[str, Any]


@pytest.fixture(scope="module")
def document() -> Json:
    return json.loads(publish(Settings(), ROUTES).body)


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def test_it_is_openapi_3_1(document: Json) -> None:
    OpenAPIV31SpecValidator(document).validate()


def test_every_route_is_described_and_nothing_else(document: Json) -> None:
    described = {(method, path) for method, path, _ in _operations(document)}
    routes = {(route.method, route.resource.canonical) for route in create_app(Settings()).router.routes()}
    missing = {(method, path) for method, path in routes - described if method != "HEAD"}
    assert not missing, f"add rows to gateway/openapi: {missing}"
    assert not described - routes
    assert not OPERATIONS.keys() - routes


def test_a_route_without_a_row_is_not_described() -> None:
    async def handler(_: web.Request) -> web.Response:
        raise NotImplementedError

    assert describe(Settings(), [web.get("/v1/secret", handler)])["paths"] == {}


def test_what_is_open_says_so(document: Json) -> None:
    for method, path, operation in _operations(document):
        is_open = path in OPEN_PATHS or method == "OPTIONS"
        assert (operation.get("security") == []) is is_open, (method, path)
        assert ("401" in operation["responses"]) is not is_open, (method, path)


def test_every_refusal_names_its_codes_and_each_has_a_row(document: Json) -> None:
    for _, _, operation in _operations(document):
        for status, response in operation["responses"].items():
            content = response.get("content", {}).get("application/problem+json")
            codes = content["schema"]["allOf"][1]["properties"]["code"]["enum"] if content else []
            for code in codes:
                assert status == "409" or str(load_reasons()[code].status) == status


def test_states_come_from_the_table_of_states(document: Json) -> None:
    assert document["components"]["schemas"]["EvidenceState"]["enum"] == list(EvidenceState)
    listing = document["paths"]["/v1/evidence"]["get"]["parameters"]
    assert {"$ref": "#/components/schemas/EvidenceState"} in [row["schema"] for row in listing]


def test_comments_in_the_types_are_what_readers_are_told(document: Json) -> None:
    properties = document["components"]["schemas"]["Evidence"]["properties"]
    assert "waits on us" in properties["delayed"]["description"]


def test_a_page_of_a_portal_may_send_and_read_what_is_described(document: Json) -> None:
    sent = {
        row["name"]
        for _, _, operation in _operations(document)
        for row in operation["parameters"]
        if row["in"] == "header"
    }
    read = set(
        chain.from_iterable(
            answer.get("headers", {})
            for _, _, operation in _operations(document)
            for answer in operation["responses"].values()
        )
    )
    assert not sent - set(REQUEST_HEADERS)
    assert not read - set(RESPONSE_HEADERS)


async def test_it_is_served_without_a_key_and_once(url: str) -> None:
    async with aiohttp.ClientSession(url) as session:
        async with session.get("/openapi.json") as answer:
            assert (answer.status, answer.content_type) == (200, "application/json")
            assert (await answer.json())["openapi"] == "3.1.0"
            etag = answer.headers["ETag"]
        async with session.get("/openapi.json", headers={"If-None-Match": f'"other", {etag}'}) as answer:
            assert (answer.status, await answer.read()) == (304, b"")
        async with session.head("/openapi.json") as answer:
            assert (answer.status, answer.headers["ETag"]) == (200, etag)


async def test_limits_are_those_of_this_server(settings: Settings) -> None:
    chosen = settings.model_copy(update={"open_uploads_per_centre": 4711})
    assert "4711 unfinished uploads" in describe(chosen, ROUTES)["info"]["description"]
