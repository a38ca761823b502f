"""Uploads straight into the object store, as Uppy's plugin asks for them."""

import asyncio
import io
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
from yarl import URL

from gateway.services import Services
from storage.evidence import original_key
from tests.gateway.conftest import OpenApi
from tests.services.api import Api
from tests.services.object_store import BUCKET, ObjectStore
from tests.services.proxy import Fault, FaultyProxy, faulty_proxy, nothing

ROOT = "/v1/s3/multipart"
FIRST, LAST = b"0123456789abcdef" * (5 << 16), b"the end"
WHOLE = FIRST + LAST

Json = dict[str, Any]


@pytest.fixture
def way(object_store: ObjectStore) -> Iterator[FaultyProxy]:
    with faulty_proxy(object_store.port) as proxy:
        yield proxy


@pytest.fixture
def chosen(s3_url: str, object_store: ObjectStore, way: FaultyProxy) -> dict[str, Any]:
    return {"storage": s3_url.replace(object_store.endpoint, way.endpoint), "direct_uploads": True}


async def ask(api: Api, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
    async with api.session.request(method, path, json=body, headers=headers) as answer:
        return answer.status, await answer.json()


async def begin(api: Api, name: str = "essay.txt", **metadata: object) -> Json:
    body = {
        "filename": name,
        "type": "text/plain",
        "metadata": {"name": name, "relativePath": None, **metadata},
    }
    status, told = await ask(api, "POST", ROOT, body)
    assert status == 200, told
    return told


async def put(api: Api, upload: Json, number: int, data: bytes) -> Json:
    status, signed = await ask(api, "GET", f"{ROOT}/{upload['uploadId']}/{number}?key={upload['key']}")
    assert (status, signed["expires"]) == (200, 900), signed
    async with (
        aiohttp.ClientSession() as stranger,
        stranger.put(URL(signed["url"], encoded=True), data=io.BytesIO(data)) as answer,
    ):
        assert answer.status == 200
        return {"PartNumber": number, "ETag": answer.headers["ETag"]}


async def complete(api: Api, upload: Json, parts: list[Json]) -> tuple[int, Any]:
    return await ask(api, "POST", f"{ROOT}/{upload['uploadId']}/complete", {"parts": parts})


async def test_parts_become_evidence_in_the_usual_way(api: Api, services: Services) -> None:
    upload = await begin(api, size=len(WHOLE))
    path = f"/v1/evidence/{upload['key']}"
    assert (await api.evidence(path))["state"] == "receiving"
    parts = [await put(api, upload, 2, LAST), await put(api, upload, 1, FIRST)]
    status, listed = await ask(api, "GET", f"{ROOT}/{upload['uploadId']}?key=x")
    assert (status, [(part["PartNumber"], part["Size"]) for part in listed]) == (
        200,
        [(1, len(FIRST)), (2, len(LAST))],
    )
    for _ in range(2):
        assert await complete(api, upload, parts) == (
            200,
            {"location": f"{api.url}{path}", "key": upload["key"]},
        )
    evidence = await api.evidence(path)
    assert (evidence["state"], evidence["filename"], evidence["size_bytes"]) == (
        "received",
        "essay.txt",
        len(WHOLE),
    )
    stored = b"".join([piece async for piece in services.blobs.read(original_key(upload["key"]))])
    assert stored == WHOLE
    assert (await ask(api, "GET", f"{ROOT}/{upload['uploadId']}/3"))[0] == 409


async def test_it_is_an_upload_like_any_other_but_takes_no_bytes_here(api: Api) -> None:
    upload = await begin(api, size=len(WHOLE))
    answer = await api.head(f"/v1/uploads/{upload['uploadId']}")
    assert (answer.status, answer.headers["Upload-Length"]) == (200, str(len(WHOLE)))
    assert (await api.patch(f"/v1/uploads/{upload['uploadId']}", 0, b"bytes")).status == 409
    usual, _ = await api.create(10, "essay.txt")
    for path in (f"{ROOT}/{usual.rpartition('/')[2]}", f"{ROOT}/{usual.rpartition('/')[2]}/1"):
        assert (await ask(api, "GET", path))[0] == 404


async def test_what_is_not_whole_is_no_evidence(api: Api) -> None:
    upload = await begin(api)
    parts = [await put(api, upload, 1, FIRST), await put(api, upload, 2, LAST)]
    wrong = (
        [parts[0]],
        [parts[1]],
        [parts[0], {**parts[1], "ETag": "other"}],
        [*parts, {**parts[1], "PartNumber": 3}],
    )
    for named in wrong:
        assert (await complete(api, upload, named))[1]["code"] == "parts_differ"
    small = await begin(api)
    parts = [await put(api, small, number, LAST) for number in (1, 2)]
    assert (await complete(api, small, parts))[1]["code"] == "parts_differ"
    short = await begin(api, size=len(WHOLE))
    assert (await complete(api, short, [await put(api, short, 1, FIRST)]))[1]["code"] == "parts_differ"
    long = await begin(api, size=3)
    assert (await complete(api, long, [await put(api, long, 1, LAST)]))[1]["code"] == "body_too_long"
    for each in (upload, small, short, long):
        assert (await api.evidence(f"/v1/evidence/{each['key']}"))["state"] == "receiving"


async def test_a_creation_is_refused_as_any_other(api: Api) -> None:
    for body, code in (
        ({"filename": "a.nonsense"}, "extension_not_accepted"),
        ({"filename": "essay.txt", "metadata": {"size": 50 << 40}}, "file_too_large"),
        ({"filename": 5}, "bad_request"),
        ([], "bad_request"),
        ({"filename": "x" * 20_000}, "bad_request"),
    ):
        assert (await ask(api, "POST", ROOT, body))[1]["code"] == code
    async with api.session.post(ROOT, data=b"no json") as answer:
        assert answer.status == 400


async def test_a_malformed_completion_is_refused(api: Api) -> None:
    upload = await begin(api)
    for named in ([], [{"PartNumber": 0, "ETag": "x"}], [{"PartNumber": 10_001, "ETag": "x"}], "x"):
        assert (await complete(api, upload, named))[1]["code"] == "bad_request"


async def test_of_many_completions_at_once_all_say_the_same(api: Api, services: Services) -> None:
    upload = await begin(api)
    parts = [await put(api, upload, 1, FIRST), await put(api, upload, 2, LAST)]
    told = await asyncio.gather(*(complete(api, upload, parts) for _ in range(6)))
    assert {status for status, _ in told} <= {200, 409}
    assert (await complete(api, upload, parts))[0] == 200
    stored = b"".join([piece async for piece in services.blobs.read(original_key(upload["key"]))])
    assert stored == WHOLE


@pytest.mark.parametrize(
    "fault", [Fault(status=503, code="SlowDown"), Fault(lose_answer=True)], ids=["refused", "lost"]
)
async def test_a_completion_that_the_store_interrupts_goes_on(
    api: Api, way: FaultyProxy, fault: Fault
) -> None:
    upload = await begin(api)
    parts = [await put(api, upload, 1, LAST)]
    way.choose = lambda first: fault if first.startswith("POST") and "uploadId" in first else Fault()
    status, told = await complete(api, upload, parts)
    assert (status, told.get("code")) in {(503, "storage_unavailable"), (200, None)}
    way.choose = nothing
    assert (await complete(api, upload, parts))[0] == 200
    assert (await api.evidence(f"/v1/evidence/{upload['key']}"))["size_bytes"] == len(LAST)


async def test_a_repeated_creation_is_the_same_upload(api: Api) -> None:
    key = {"Idempotency-Key": '"one"'}
    first, again = [await ask(api, "POST", ROOT, {"filename": "essay.txt"}, **key) for _ in range(2)]
    assert first == again


async def test_cancelling_leaves_no_parts(api: Api, object_store: ObjectStore, s3_url: str) -> None:
    upload = await begin(api)
    await put(api, upload, 1, FIRST)
    assert await ask(api, "DELETE", f"{ROOT}/{upload['uploadId']}?key=x") == (200, {})
    prefix = s3_url.partition("?")[0].rpartition("/")[2]
    assert not object_store.client().list_multipart_uploads(Bucket=BUCKET, Prefix=prefix).get("Uploads")
    assert (await api.evidence(f"/v1/evidence/{upload['key']}"))["state"] == "withdrawn"
    assert (await ask(api, "GET", f"{ROOT}/{upload['uploadId']}/1"))[0] == 404


async def test_another_centres_upload_is_none(api: Api, open_api: OpenApi) -> None:
    upload = await begin(api)
    other = await open_api(centre="GB002")
    board = await open_api(centre=None, roles=("team_leader",))
    for method, path in (
        ("GET", ""),
        ("GET", "/1"),
        ("DELETE", ""),
        ("POST", "/complete"),
    ):
        asked = f"{ROOT}/{upload['uploadId']}{path}"
        assert (await ask(other, method, asked))[0] == 404
        assert (await ask(board, method, asked))[0] == 403
    for number in ("0", "10001", "x", "²", "-1"):
        assert (await ask(api, "GET", f"{ROOT}/{upload['uploadId']}/{number}"))[0] == 404


async def test_a_grant_is_good_for_its_upload_alone(api: Api, open_api: OpenApi) -> None:
    async with api.session.post(ROOT, json={"filename": "essay.txt"}) as answer:
        grant, upload = answer.headers["Upload-Grant"], await answer.json()
    granted = await open_api(key=grant)
    part = await put(granted, upload, 1, LAST)
    assert (await ask(granted, "GET", f"{ROOT}/{(await begin(api))['uploadId']}"))[0] == 401
    assert (await ask(granted, "POST", ROOT, {}))[0] == 401
    assert (await complete(granted, upload, [part]))[0] == 200


class TestWhereItIsNotOffered:
    @pytest.fixture(params=["local", "off"])
    def chosen(self, request: pytest.FixtureRequest, s3_url: str) -> dict[str, Any]:
        return {"direct_uploads": True} if request.param == "local" else {"storage": s3_url}

    async def test_it_is_refused_in_words(self, api: Api) -> None:
        for method, path in (("POST", ""), ("GET", "/x"), ("GET", "/x/1"), ("POST", "/x/complete")):
            status, told = await ask(api, method, f"{ROOT}{path}", {})
            assert (status, told["code"]) == (404, "direct_uploads_off")
