"""CORS: the portals' pages may send what uploads need and read every answer; other pages read none."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from config.settings import Settings
from tests.gateway.wire import connected, head_of
from tests.services.api import BYTES, TUS, Api

PORTAL = "https://portal.example"
OTHER = "http://localhost:3000"
OURS = {"Origin": PORTAL}
ALLOWED = "Access-Control-Allow-Origin"


@pytest.fixture
def chosen() -> dict[str, Any]:
    return {"cors_origins": (PORTAL, OTHER), "silent_connection_seconds": 1}


async def ask(api: Api, method: str, path: str, **headers: str) -> tuple[int, Any]:
    async with api.session.request(method, path, headers=headers) as answer:
        await answer.read()
        return answer.status, answer.headers


def words(header: str) -> set[str]:
    return {word.strip().lower() for word in header.split(",")}


@pytest.mark.parametrize("path", ["/v1/uploads", "/v1/uploads/x", "/v1/evidence", "/v1/evidence/x", "/none"])
@pytest.mark.parametrize("origin", [PORTAL, OTHER])
async def test_a_portals_page_is_told_what_it_may_send(url: str, path: str, origin: str) -> None:
    asked = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "upload-offset"}
    async with Api(url, "") as page:
        status, headers = await ask(page, "OPTIONS", path, Origin=origin, **asked)
    assert (status, headers[ALLOWED], headers["Vary"]) == (204, origin, "Origin")
    assert words(headers["Access-Control-Allow-Methods"]) >= {"get", "head", "post", "patch", "delete"}
    sent = {"authorization", "content-type", "tus-resumable", "upload-offset", "upload-length"}
    assert words(headers["Access-Control-Allow-Headers"]) > sent | {"x-requested-with", "last-event-id"}
    assert int(headers["Access-Control-Max-Age"]) > 0
    assert "Access-Control-Allow-Credentials" not in headers
    assert "Tus-Version" not in headers


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", f"{PORTAL}.evil.example", f"{PORTAL}:443", "http://portal.example", ""],
)
async def test_another_origins_page_learns_nothing(api: Api, origin: str) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "PATCH"}
    for method, path in (("OPTIONS", "/v1/uploads"), ("GET", "/v1/evidence"), ("GET", "/none")):
        _, headers = await ask(api, method, path, **asked)
        assert not [name for name in headers if name.lower().startswith("access-control")]
        assert headers["Vary"] == "Origin"


async def test_options_that_are_no_preflight_announce_tus(url: str) -> None:
    async with Api(url, "") as page:
        for headers in ({}, OURS, {"Access-Control-Request-Method": "PATCH"}):
            status, told = await ask(page, "OPTIONS", "/v1/uploads", **headers)
            assert (status, told["Tus-Version"]) == (200, "1.0.0")


async def test_a_page_reads_what_a_creation_answers(api: Api) -> None:
    async with api.session.post("/v1/uploads", headers={**TUS, **OURS, "Upload-Length": "5"}) as answer:
        exposed = words(answer.headers["Access-Control-Expose-Headers"])
        read = {"Location", "Upload-Expires", "Upload-Grant", "Evidence-Location", "Tus-Resumable"}
        assert exposed >= {name.lower() for name in (*read, "X-Request-Id", "Upload-Offset", "Retry-After")}
        assert read <= set(answer.headers)
        assert answer.headers[ALLOWED] == PORTAL


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/none", {}, 404),
        ("HEAD", "/v1/uploads/none", TUS, 404),
        ("GET", "/v1/uploads/none", TUS, 405),
        ("PATCH", "/v1/uploads/none", BYTES, 404),
        ("POST", "/v1/uploads", {}, 412),
        ("POST", "/v1/uploads", {**TUS, "Upload-Length": "999999999999999"}, 413),
        ("GET", "/v1/evidence?limit=0", {}, 400),
        ("GET", "/livez", {}, 200),
        ("GET", "/v1/queues", {}, 403),
        ("GET", "/v1/evidence", {"Authorization": "Bearer nonsense"}, 401),
    ],
)
async def test_a_page_reads_every_refusal(
    api: Api, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    answered, told = await ask(api, method, path, **{**headers, **OURS})
    assert (answered, told[ALLOWED], told["Vary"]) == (status, PORTAL, "Origin")
    assert "upload-offset" in words(told["Access-Control-Expose-Headers"])


async def test_a_page_reads_a_refusal_that_comes_before_its_body_is_read(api: Api) -> None:
    upload, _ = await api.create(5)
    sent = {**BYTES, **OURS, "Upload-Offset": "0", "Content-Length": "6"}
    async with connected(api.url) as wire:
        await wire.send(head_of(api, "PATCH", upload, sent))
        status, headers, _ = await wire.answer()
        assert (status, headers[ALLOWED.lower()]) == (413, PORTAL)


async def test_a_page_reads_that_it_was_silent(api: Api) -> None:
    upload, _ = await api.create(5)
    sent = {**BYTES, **OURS, "Upload-Offset": "0", "Content-Length": "5"}
    async with connected(api.url) as wire:
        await wire.send(head_of(api, "PATCH", upload, sent) + b"abc")
        status, headers, body = await wire.answer()
        assert (status, headers[ALLOWED.lower()], headers["upload-offset"]) == (408, PORTAL, "3")
        assert json.loads(body)["code"] == "silent"


@pytest.mark.parametrize("chosen", [{}])
async def test_without_portals_nothing_is_said_of_origins(api: Api) -> None:
    _, headers = await ask(api, "GET", "/v1/evidence", **OURS)
    assert not {"Vary", ALLOWED} & set(headers)


@pytest.mark.parametrize(
    "origin",
    ["*", "null", "", "portal.example", "https://portal.example/", "https://*.example", "HTTPS://A.example"],
)
def test_what_is_no_exact_origin_is_refused(origin: str) -> None:
    with pytest.raises(ValidationError):
        Settings(cors_origins=(origin,))


@pytest.mark.parametrize("origin", [PORTAL, OTHER, "http://[::1]:8080", "capacitor://localhost"])
def test_an_exact_origin_is_taken(origin: str) -> None:
    assert Settings(cors_origins=(origin,)).cors_origins == (origin,)
