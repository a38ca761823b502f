"""The members of a pyramid of tiles are served one by one, to whom the evidence's bytes may be served."""

import io
import zipfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from yarl import URL

from gateway.services import Services
from storage.evidence import RenditionKind, rendition_key
from storage.states import EvidenceState as State
from tests.gateway.conftest import OpenApi
from tests.gateway.test_redirects import become
from tests.services.api import Api
from tests.storage.records.values import rendition

TILE = "image_files/12/3_4.jpeg"
MEMBERS = {"image.dzi": b"<Image/>", TILE: b"a tile", "image_files/vips-properties.xml": b"<x/>"}
UNKNOWN = "/v1/evidence/0199aaaa-0000-7000-8000-000000000000"

#: What is asked for by who tries doors.
HOSTILE = [
    "image.dz",
    "image_files",
    "image_files/",
    "image_files/12",
    "image_files/12/3_5.jpeg",
    "image_files/12/3_4.jpeg/",
    "image_files/012/3_4.jpeg",
    "image_files/12/",
    "image_files/12%2F3_4.jpeg/x",
    "image_files/../image_files/12/3_4.jpe",
    "image_files/%2e%2e/image.dzi",
    "image_files/%2e%2e/%2e%2e%2foriginal",
    "image_files/12/%00",
    "image_files/12/%ff%fe",
    "image_files/12/%ed%a0%80",
    "image_files/12/{level}",
    "image_files/12/" + "x" * 5000,
    "vips-properties.xml",
    "%2e%2e/%2e%2e/original",
]

#: Make evidence with a pyramid; return where its members are.
Send = Callable[..., Awaitable[str]]


def pyramid() -> bytes:
    with io.BytesIO() as file:
        with zipfile.ZipFile(file, "w") as archive:
            for name, data in MEMBERS.items():
                archive.writestr(zipfile.ZipInfo(name), data)
        return file.getvalue()


@pytest.fixture
async def send(api: Api, services: Services) -> Send:
    async def send(state: State = State.READY, data: bytes | None = None) -> str:
        path = await api.send(b"What I did this summer.\n", "essay.txt")
        made = replace(rendition(RenditionKind.DEEP_ZOOM), id="zoom-1", media_type="application/zip")
        key = rendition_key(path.rpartition("/")[2], made.id)
        await services.blobs.write_bytes(key, pyramid() if data is None else data)
        await become(services, path, state, renditions=(made,))
        return f"{path}/renditions/deep_zoom"

    return send


async def test_a_viewer_gets_the_description_then_tiles(api: Api, send: Send) -> None:
    base = await send()
    for name, media_type in (("image.dzi", "application/xml"), (TILE, "image/jpeg")):
        status, body, headers = await api.download(f"{base}/{name}")
        assert (status, body, headers["Content-Type"]) == (200, MEMBERS[name], media_type)
        assert headers["Content-Length"] == str(len(body))
        assert headers["Content-Disposition"].startswith("inline;")
        assert headers["Content-Security-Policy"].startswith("sandbox;")
        assert headers["Cache-Control"] == "private, no-cache"
        async with api.session.head(f"{base}/{name}") as answer:
            assert (answer.status, answer.headers["ETag"]) == (200, headers["ETag"])
            assert answer.headers["Content-Length"] == str(len(body))


async def test_the_whole_is_served_with_ranges_like_any_rendition(api: Api, send: Send) -> None:
    base = await send()
    assert (await api.download(base))[:2] == (200, pyramid())
    assert (await api.download(base, Range="bytes=-22"))[:2] == (206, pyramid()[-22:])


async def test_a_copy_that_still_holds_is_not_sent_again(api: Api, send: Send) -> None:
    base = await send()
    tags = set()
    for name in ("image.dzi", TILE):
        tag = (await api.download(f"{base}/{name}"))[2]["ETag"]
        status, body, headers = await api.download(f"{base}/{name}", **{"If-None-Match": tag})
        assert (status, body, headers["ETag"]) == (304, b"", tag)
        tags.add(tag)
    assert len(tags) == 2
    assert (await api.download(f"{base}/image_files/9/9_9.jpeg", **{"If-None-Match": "*"}))[0] == 404


async def test_what_is_no_member_is_not_found(api: Api, send: Send) -> None:
    base = await send()
    for name in HOSTILE:
        async with api.session.get(URL(f"{api.url}{base}/{name}", encoded=True)) as answer:
            assert (name, answer.status, (await answer.json())["code"]) == (name, 404, "not_found")


async def test_nobody_sees_another_centres_tiles_or_that_there_are_some(
    api: Api, open_api: OpenApi, send: Send
) -> None:
    base = await send()
    other = await open_api(centre="GB002")
    for name in ("image.dzi", TILE, "image_files/0/0_0.jpeg"):
        theirs = await other.download(f"{base}/{name}")
        never = await other.download(f"{UNKNOWN}/renditions/deep_zoom/{name}")
        assert theirs[:2] == never[:2]
        assert theirs[0] == 404


async def test_nothing_is_served_without_a_key(api: Api, send: Send, url: str) -> None:
    base = await send()
    async with Api(url, "") as nobody:
        for name in ("image.dzi", TILE):
            assert (await nobody.download(f"{base}/{name}"))[0] == 401


async def test_what_is_not_ready_is_409_and_held_evidence_is_for_reviewers(
    api: Api, open_api: OpenApi, send: Send
) -> None:
    reviewer = await open_api(centre=None, roles=("team_leader",))
    operator = await open_api(centre=None, roles=("ops",))
    for state, expected in ((State.VERIFIED, 409), (State.INFECTED, 409), (State.HELD, 200)):
        base = await send(state)
        assert (await api.download(f"{base}/{TILE}"))[0] == 409
        assert (await reviewer.download(f"{base}/{TILE}"))[0] == expected
        assert (await operator.download(f"{base}/{TILE}"))[0] == 403


async def test_evidence_without_a_pyramid_has_no_tiles(api: Api, services: Services) -> None:
    path = await api.send(b"What I did this summer.\n", "essay.txt")
    await become(services, path, State.READY)
    assert (await api.download(f"{path}/renditions/deep_zoom/image.dzi"))[0] == 404


async def test_a_pyramid_that_is_broken_is_an_error_of_ours(api: Api, send: Send) -> None:
    whole = pyramid()
    for data in (whole[:-5], whole.replace(b"a tile", b"a tale")):
        base = await send(data=data)
        status, body, _ = await api.download(f"{base}/{TILE}")
        assert status == 500
        assert b"tile" not in body


async def test_a_pyramid_whose_bytes_are_gone_is_not_found_even_if_it_was_looked_at(
    api: Api, send: Send, services: Services
) -> None:
    base = await send()
    assert (await api.download(f"{base}/image.dzi"))[0] == 200
    await services.blobs.delete(rendition_key(base.split("/")[3], "zoom-1"))
    assert (await api.download(f"{base}/{TILE}"))[0] == 404


class TestInAnObjectStore:
    @pytest.fixture
    def chosen(self, s3_url: str) -> dict[str, Any]:
        return {"storage": s3_url, "redirect_downloads": True}

    async def test_members_are_served_here_and_only_the_whole_is_redirected(
        self, api: Api, send: Send
    ) -> None:
        base = await send()
        for name in ("image.dzi", TILE):
            assert (await api.download(f"{base}/{name}"))[:2] == (200, MEMBERS[name])
        async with api.session.get(base, allow_redirects=False) as answer:
            assert answer.status == 307
