"""Grants: a sign-in that ends kills no upload, and what is good for one upload is good for nothing else."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.services import Services
from gateway.tokens import LEEWAY_SECONDS
from storage.records.principals import hash_secret
from tests.gateway.conftest import OpenApi
from tests.services.api import BYTES, TUS, Api, metadata, until
from tests.services.issuer import Issuer

ONCE = {"Idempotency-Key": "once"}

#: Below the leeway: a token of this lifetime has expired when it is made.
PAST = -10


@pytest.fixture
def chosen(issuer: Issuer) -> dict[str, Any]:
    return issuer.settings


async def create_whole(api: Api, *parts: str, concat: str = "") -> tuple[int, str]:
    """Try to make a whole; return the status and the refusal's code or the evidence."""
    headers = {**TUS, "Upload-Concat": concat or f"final;{' '.join(parts)}"}
    async with api.session.post("/v1/uploads", headers=headers) as answer:
        if answer.status >= 400:
            return answer.status, (await answer.json())["code"]
        return answer.status, answer.headers["Evidence-Location"]


async def create_part(api: Api, data: bytes = b"hello") -> str:
    headers = {**TUS, "Upload-Concat": "partial", "Upload-Length": str(len(data))}
    async with api.session.post("/v1/uploads", headers=headers) as answer:
        assert (answer.status, "Upload-Grant" in answer.headers) == (201, True)
        part = answer.headers["Location"].removeprefix(api.url)
    assert (await api.patch(part, 0, data)).status == 204
    return part


async def until_expired(teacher: Api) -> None:
    async def has_expired() -> bool:
        return (await challenge(teacher, "GET", "/v1/evidence"))[0] == 401

    await until(has_expired)


async def create(api: Api, length: int = 10, **headers: str) -> tuple[str, str, str | None]:
    """Begin an upload; return paths of upload and evidence, and the grant."""
    async with api.session.post(
        "/v1/uploads", headers={**TUS, "Upload-Length": str(length), **headers}
    ) as answer:
        assert answer.status == 201
        location = answer.headers["Location"].removeprefix(api.url)
        return location, answer.headers["Evidence-Location"], answer.headers.get("Upload-Grant")


@pytest.fixture
async def granted(api: Api) -> AsyncIterator[tuple[Api, str, str]]:
    """Whoever holds nothing but an upload's grant, the upload and its evidence."""
    upload, evidence, grant = await create(api)
    assert grant
    async with Api(api.url, grant) as holder:
        yield holder, upload, evidence


async def challenge(api: Api, method: str, path: str, **headers: str) -> tuple[int, bytes]:
    async with api.session.request(method, path, headers={**TUS, **headers}) as answer:
        return answer.status, await answer.read()


async def test_a_grant_finishes_its_upload_and_sees_its_evidence(granted: tuple[Api, str, str]) -> None:
    holder, upload, evidence = granted
    assert (await holder.patch(upload, 0, b"hello")).status == 204
    assert await holder.offset(upload) == 5
    headers = {**BYTES, "Upload-Offset": "5", "X-HTTP-Method-Override": "PATCH"}
    async with holder.session.post(upload, data=b"world", headers=headers) as answer:
        assert answer.status == 204
    assert await holder.offset(upload) == 10
    assert (await holder.evidence(evidence))["state"] == "received"


async def test_a_grant_cancels_its_upload(granted: tuple[Api, str, str]) -> None:
    holder, upload, _ = granted
    assert (await challenge(holder, "DELETE", upload))[0] == 204
    assert (await holder.head(upload)).status == 404


async def test_a_grant_is_good_for_nothing_else(granted: tuple[Api, str, str], api: Api) -> None:
    holder, upload, evidence = granted
    other, other_evidence, _ = await create(api)
    elsewhere = [
        ("HEAD", other),
        ("PATCH", other),
        ("DELETE", other),
        ("GET", other_evidence),
        ("HEAD", "/v1/uploads/none"),
        ("GET", "/v1/evidence/none"),
        ("GET", "/v1/evidence"),
        ("GET", f"{evidence}/original"),
        ("GET", f"{evidence}/renditions/video"),
        ("GET", "/v1/queues"),
        ("GET", "/metrics"),
        ("GET", "/nowhere"),
        ("POST", "/v1/uploads"),
        ("GET", f"/v1/evidence/{upload.rpartition('/')[2]}"),
    ]
    answered = {target: await challenge(holder, *target) for target in elsewhere}
    assert {status for status, _ in answered.values()} == {401}
    # What exists and what does not look the same.
    assert answered["GET", other_evidence] == answered["GET", "/v1/evidence/none"]
    assert answered["PATCH", other][1] == answered["DELETE", other][1] == answered["GET", "/nowhere"][1]
    assert await api.offset(other) == 0


async def test_only_hashes_of_grants_are_kept(granted: tuple[Api, str, str], services: Services) -> None:
    holder, upload, _ = granted
    grant = holder.session.headers["Authorization"].removeprefix("Bearer ")
    stored = await services.uploads.load(upload.rpartition("/")[2], None)
    assert stored.grants == (hash_secret(grant),)


@pytest.mark.parametrize("wrong", ["eig_" + "x" * 43, "eig_", "eig_" + "x" * 44])
async def test_a_grant_that_was_never_given_out_is_401(api: Api, wrong: str) -> None:
    upload, evidence, _ = await create(api)
    async with Api(api.url, wrong) as holder:
        assert (await challenge(holder, "HEAD", upload))[0] == 401
        assert (await challenge(holder, "GET", evidence))[0] == 401


async def test_a_repeated_creation_grants_again_and_not_without_end(api: Api, services: Services) -> None:
    upload, evidence, first = await create(api, **ONCE)
    grants = [first] + [(await create(api, **ONCE))[2] for _ in range(20)]
    assert len(set(grants)) == 21
    assert len((await services.uploads.load(upload.rpartition("/")[2], None)).grants) == 16
    for grant, status in ((grants[-1], 200), (grants[0], 401)):
        async with Api(api.url, grant or "") as holder:
            assert (await holder.head(upload)).status == status
    async with Api(api.url, grants[-1] or "") as holder:
        assert (await holder.evidence(evidence))["state"] == "receiving"


async def test_two_repetitions_at_once_both_grant(api: Api) -> None:
    upload, _, _ = await create(api, **ONCE)
    for _, _, grant in await asyncio.gather(*(create(api, **ONCE) for _ in range(8))):
        async with Api(api.url, grant or "") as holder:
            assert (await holder.head(upload)).status == 200


async def test_nobody_is_granted_what_another_one_began(api: Api, open_api: OpenApi) -> None:
    first, _, _ = await create(api, **ONCE)
    again, _, grant = await create(await open_api(), **ONCE)
    assert (again, grant) == (first, None)


async def test_grants_end_with_their_creators_key(
    granted: tuple[Api, str, str], services: Services, open_api: OpenApi
) -> None:
    holder, upload, evidence = granted
    stored = await services.uploads.load(upload.rpartition("/")[2], None)
    await services.principals.revoke(stored.principal_id)
    assert (await challenge(holder, "HEAD", upload))[0] == 401
    assert (await challenge(holder, "GET", evidence))[0] == 401
    assert (await holder.patch(upload, 0, b"hello")).status == 401
    colleague = await open_api()
    assert await colleague.offset(upload) == 0


async def test_an_expired_token_goes_on_with_what_it_began_and_begins_nothing(
    url: str, issuer: Issuer, open_api: OpenApi
) -> None:
    token = issuer.sign(0)  # good within the leeway only
    async with Api(url, token) as teacher:
        upload, evidence, _ = await create(teacher)
        other, other_evidence, _ = await create(await open_api())
        await until_expired(teacher)
        assert (await teacher.patch(upload, 0, b"hello")).status == 204
        assert await teacher.offset(upload) == 5
        for method, path in (("HEAD", other), ("GET", other_evidence), ("POST", "/v1/uploads")):
            assert (await challenge(teacher, method, path))[0] == 401
        status, body = await challenge(teacher, "GET", f"{evidence}/original")
        assert (status, b"token_expired" in body) == (401, True)
        assert (await teacher.patch(upload, 5, b"world")).status == 204
        assert (await teacher.evidence(evidence))["state"] == "received"


async def test_another_expired_token_of_the_same_teacher_is_no_grant(url: str, issuer: Issuer) -> None:
    async with Api(url, issuer.sign()) as teacher, Api(url, issuer.sign(PAST)) as late:
        upload, _, grant = await create(teacher)
        assert (await challenge(late, "HEAD", upload))[0] == 401
        async with Api(url, grant or "") as holder:
            assert (await holder.head(upload)).status == 200


@pytest.mark.parametrize(
    ("life_seconds", "sending_seconds"), [(5, 6), pytest.param(5, 60, marks=pytest.mark.soak)]
)
async def test_a_slow_upload_outlives_the_token_that_it_is_sent_with(
    url: str, issuer: Issuer, life_seconds: int, sending_seconds: int
) -> None:
    """One request that lasts longer than its token, then more of them with the same token."""
    token = issuer.sign(life_seconds - LEEWAY_SECONDS)
    async with Api(url, token) as teacher:
        upload, evidence, _ = await create(teacher, 60, **{"Upload-Metadata": metadata(filename="a.txt")})
        began = time.monotonic()

        async def drip() -> AsyncIterator[bytes]:
            for _ in range(30):
                yield b"x"
                await asyncio.sleep(sending_seconds / 30)

        assert (await teacher.patch(upload, 0, drip())).status == 204
        assert time.monotonic() - began > life_seconds
        assert (await challenge(teacher, "GET", "/v1/evidence"))[0] == 401
        for offset in range(30, 60, 10):
            assert await teacher.offset(upload) == offset
            assert (await teacher.patch(upload, offset, b"y" * 10)).status == 204
        assert (await teacher.evidence(evidence))["size_bytes"] == 60


async def test_a_fresh_token_takes_an_upload_over_at_any_time(url: str, issuer: Issuer) -> None:
    async with Api(url, issuer.sign()) as before, Api(url, issuer.sign(sub="a.colleague")) as after:
        upload, _, _ = await create(before)
        assert (await before.patch(upload, 0, b"hello")).status == 204
        assert (await after.patch(upload, 5, b"world")).status == 204


async def test_an_expired_token_joins_the_parts_that_it_began_and_no_others(
    url: str, issuer: Issuer, open_api: OpenApi
) -> None:
    async with Api(url, issuer.sign(0)) as teacher:
        mine = [await create_part(teacher, data) for data in (b"hello ", b"world")]
        theirs = await create_part(await open_api())
        await until_expired(teacher)
        for foreign in ((theirs,), (*mine, theirs), (*mine, "/v1/uploads/aaaaaaaaaaaaaaaaaaaaaaaa")):
            assert await create_whole(teacher, *foreign) == (401, "token_expired")
        assert await create_whole(teacher, concat="partial") == (401, "token_expired")
        status, evidence = await create_whole(teacher, *mine)
        assert status == 201
        found = await teacher.wait(evidence, {"received"})
        assert found["size_bytes"] == 11


async def test_a_parts_grant_makes_no_whole(api: Api) -> None:
    headers = {"Upload-Concat": "partial"}
    async with api.session.post("/v1/uploads", headers={**TUS, **headers, "Upload-Length": "0"}) as answer:
        part, grant = answer.headers["Location"], answer.headers["Upload-Grant"]
    async with Api(api.url, grant) as holder:
        assert await create_whole(holder, part) == (401, "unauthorized")
