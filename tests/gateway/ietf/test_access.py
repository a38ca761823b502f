"""Who may do what with an upload: exactly as with those of tus."""

from collections.abc import Mapping

import pytest

from tests.gateway.conftest import OpenApi
from tests.gateway.ietf.speaking import PARTIAL, ROOT, append, ask, create, spoken, stands
from tests.services.api import Api

VERBS = ("GET", "PATCH", "DELETE")
UNSENT = {"x-request-id", "date"}


def told(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in UNSENT}


@pytest.mark.parametrize("method", VERBS)
async def test_another_centres_upload_is_the_same_404_as_none(
    api: Api, open_api: OpenApi, method: str
) -> None:
    other = await open_api("GB002")
    path = await create(api, 8)
    headers = {"Upload-Offset": "0", "Content-Type": PARTIAL, **spoken(8, complete=False)}
    (foreign,) = await ask(other, method, path, headers, b"hello")
    (nothing,) = await ask(other, method, f"{ROOT}/{'A' * 32}", headers, b"hello")
    assert (foreign.status, foreign.body, told(foreign.headers)) == (
        404,
        nothing.body,
        told(nothing.headers),
    )
    assert (await stands(api, path)).headers["upload-offset"] == "0"
    theirs, none = await stands(other, path), await stands(other, f"{ROOT}/{'A' * 32}")
    assert (theirs.status, told(theirs.headers)) == (404, told(none.headers))


@pytest.mark.parametrize("upload_id", ["..", "a" * 300, "%00", "a%2fb", "'", "é"])
async def test_any_id_is_404(api: Api, upload_id: str) -> None:
    async with api.session.get(f"{ROOT}/{upload_id}") as answer:
        assert answer.status == 404


async def test_a_grant_is_good_for_its_upload_here(api: Api, open_api: OpenApi) -> None:
    *_, said = await ask(api, "POST", ROOT, spoken(8, complete=False))
    path = said.headers["location"].removeprefix(api.url)
    holder = await open_api(key=said.headers["upload-grant"])
    assert (await append(holder, path, 0, b"hello", complete=True, version=8)).status == 201
    assert (await stands(holder, await create(api, 8))).status == 401
    (refused,) = await ask(holder, "POST", ROOT, spoken(8, complete=True), b"hello")
    assert refused.status == 401


async def test_a_cancelled_upload_is_gone_and_its_evidence_withdrawn(api: Api) -> None:
    *_, said = await ask(api, "POST", ROOT, spoken(8, complete=False), b"hello")
    path = said.headers["location"].removeprefix(api.url)
    async with api.session.delete(path, headers=spoken(8)) as answer:
        assert answer.status == 204
    assert (await stands(api, path)).status == 404
    assert (await append(api, path, 5, b"", complete=True)).status == 404
    assert (await api.evidence(said.headers["evidence-location"]))["state"] == "withdrawn"


async def test_cancelling_a_complete_upload_leaves_its_evidence(api: Api) -> None:
    *_, said = await ask(api, "POST", ROOT, spoken(8, complete=True), b"hello")
    path = said.headers["location"].removeprefix(api.url)
    async with api.session.delete(path) as answer:
        assert answer.status == 204
    assert (await api.evidence(said.headers["evidence-location"]))["state"] == "received"


@pytest.mark.parametrize("chosen", [{"cors_origins": ("https://portal.example",)}])
async def test_a_portals_page_may_read_what_it_needs(api: Api) -> None:
    origin = {"Origin": "https://portal.example"}
    asking = {"Access-Control-Request-Method": "PATCH", **origin}
    async with api.session.options(ROOT, headers=asking) as answer:
        allowed = answer.headers["Access-Control-Allow-Headers"].split(", ")
    assert {"Upload-Complete", "Upload-Incomplete", "Upload-Draft-Interop-Version", "Repr-Digest",
            "Content-Disposition", "Content-Digest", "Want-Repr-Digest"} <= set(allowed)  # fmt: skip
    *_, said = await ask(api, "POST", ROOT, {**spoken(6, complete=False), **origin})
    read = said.headers["access-control-expose-headers"].split(", ")
    assert {"Upload-Complete", "Upload-Limit", "Location", "Upload-Offset"} <= set(read)


async def test_get_and_head_say_the_same_and_get_has_no_body(api: Api) -> None:
    path = await create(api, 9, length=7)
    (got,) = await ask(api, "GET", path, spoken(9))
    there = await stands(api, path, 9)
    assert (got.status, got.body) == (204, b"")
    for name in ("upload-offset", "upload-complete", "upload-length", "cache-control"):
        assert got.headers[name] == there.headers[name]


PROXIED = ("Via", "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto")


@pytest.mark.parametrize("name", PROXIED)
async def test_a_proxy_is_sent_no_104(api: Api, name: str) -> None:
    (said,) = await ask(api, "POST", ROOT, {**spoken(8, complete=True), name: "1.1 proxy"}, b"hello")
    assert said.status == 201


@pytest.mark.parametrize("chosen", [{"proxy_passes_interim": True}])
async def test_a_proxy_that_passes_104_on_is_sent_one(api: Api) -> None:
    headers = {**spoken(8, complete=True), "X-Forwarded-Proto": "https"}
    said = await ask(api, "POST", ROOT, headers, b"hello")
    assert [one.status for one in said] == [104, 201]
    assert said[0].headers["location"].startswith("https://")


@pytest.mark.parametrize("chosen", [{"proxy_body_bytes": 100_000_000}])
async def test_a_proxys_limit_is_told(api: Api) -> None:
    path = await create(api, 8)
    assert (await stands(api, path)).limits["max-append-size"] == 100_000_000
    (said, _) = await ask(api, "POST", ROOT, spoken(6, complete=True), b"hello")
    assert said.limits["max-append-size"] == 100_000_000
