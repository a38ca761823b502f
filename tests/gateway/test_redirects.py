"""Readers of ready bytes are sent on to the object store, where that is wanted."""

from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from yarl import URL

from gateway.services import Services
from storage.evidence import RenditionKind, rendition_key
from storage.states import EvidenceState as State
from tests.gateway.conftest import OpenApi
from tests.services.api import Api
from tests.storage.records.values import rendition, to

DATA = b"What I did this summer.\n"
#: A name that tries to become a header, another name and a type.
NAME = 'e"; filename=x.html é.txt'


@pytest.fixture
def chosen(s3_url: str) -> dict[str, Any]:
    return {"storage": s3_url, "redirect_downloads": True}


#: What every state of evidence that is here comes after.
WAYS = {
    State.RECEIVED: (),
    State.SCANNED: (State.SCANNED,),
    State.VERIFIED: (State.SCANNED, State.VERIFIED),
    State.READY: (State.SCANNED, State.VERIFIED, State.READY),
    State.HELD: (State.SCANNED, State.HELD),
    State.REJECTED: (State.SCANNED, State.REJECTED),
    State.INFECTED: (State.INFECTED,),
    State.FAILED: (State.FAILED,),
}


async def become(services: Services, path: str, state: State, **values: Any) -> None:
    for step in WAYS[state]:
        known = {"sha256": "ab" * 32, "media_type": "text/plain", **values}
        await services.evidence.change(path.rpartition("/")[2], to(step, **known))


async def location(api: Api, path: str) -> str:
    async with api.session.get(path, allow_redirects=False) as answer:
        assert answer.status == 307, await answer.text()
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.headers["Location"]


async def test_a_reader_gets_the_bytes_at_the_store_without_a_key(api: Api, services: Services) -> None:
    path = await api.send(DATA, NAME)
    made = replace(rendition(RenditionKind.DOCUMENT), media_type="application/pdf")
    await services.blobs.write_bytes(rendition_key(path.rpartition("/")[2], made.id), b"%PDF")
    await become(services, path, State.READY, renditions=(made,))
    original = await location(api, f"{path}/original")
    shown = await location(api, f"{path}/renditions/document")
    async with aiohttp.ClientSession() as stranger:
        async with stranger.get(URL(original, encoded=True), headers={"Range": "bytes=0-3"}) as answer:
            assert (answer.status, await answer.read()) == (206, b"What")
            assert answer.headers["Content-Type"] == "text/plain"
            disposition = answer.headers["Content-Disposition"]
            assert disposition == "attachment; filename*=UTF-8''e%22%3B%20filename%3Dx.html%20%C3%A9.txt"
        async with stranger.get(URL(shown, encoded=True)) as answer:
            assert (answer.status, await answer.read()) == (200, b"%PDF")
            assert answer.headers["Content-Type"] == "application/pdf"
            assert answer.headers["Content-Disposition"].startswith("inline;")
        async with stranger.put(URL(original, encoded=True), data=b"other") as answer:
            assert answer.status == 403


async def test_a_head_and_a_copy_that_still_holds_are_answered_here(api: Api, services: Services) -> None:
    path = await api.send(DATA, "essay.txt")
    await become(services, path, State.READY)
    async with api.session.head(f"{path}/original") as answer:
        assert (answer.status, answer.headers["Content-Length"]) == (200, str(len(DATA)))
    tag = f'"{"ab" * 32}"'
    async with api.session.get(f"{path}/original", headers={"If-None-Match": tag}) as answer:
        assert answer.status == 304


async def test_nothing_that_is_not_ready_is_ever_redirected(
    api: Api, open_api: OpenApi, services: Services
) -> None:
    reviewer = await open_api(centre=None, roles=("team_leader",))
    for state in WAYS.keys() - {State.READY}:
        path = await api.send(DATA, "essay.txt")
        await become(services, path, state)
        for reader in (api, reviewer):
            expected = 200 if state is State.HELD and reader is reviewer else 409
            async with reader.session.get(f"{path}/original", allow_redirects=False) as answer:
                assert (state, answer.status) == (state, expected)


async def test_nobody_is_redirected_to_another_centres_bytes(
    api: Api, open_api: OpenApi, services: Services
) -> None:
    path = await api.send(DATA, "essay.txt")
    await become(services, path, State.READY)
    other = await open_api(centre="GB002")
    async with other.session.get(f"{path}/original", allow_redirects=False) as answer:
        assert answer.status == 404


class TestOnTheLocalDisk:
    @pytest.fixture
    def chosen(self) -> dict[str, Any]:
        return {"redirect_downloads": True}

    async def test_there_is_nowhere_to_send_a_reader(self, api: Api, services: Services) -> None:
        path = await api.send(DATA, "essay.txt")
        await become(services, path, State.READY)
        assert (await api.download(f"{path}/original"))[:2] == (200, DATA)
