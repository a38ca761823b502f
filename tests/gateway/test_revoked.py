"""A key that is revoked: its uploads stop, nothing of them is lost, and others of its centre go on."""

import asyncio
import json
from datetime import UTC, datetime
from functools import partial

import pytest
from structlog.testing import capture_logs

from gateway import revocation
from gateway.revocation import Senders
from gateway.services import Services
from gateway.sweeping import survive, sweep
from gateway.uploads.completion import SYSTEM
from gateway.uploads.wholes import join
from storage.errors import KeyRevoked, StorageUnavailable
from storage.upload import UploadState
from tests.gateway.conftest import OpenApi
from tests.gateway.left_uploads import state_of
from tests.gateway.wire import begun_patch, connected, head_of, until_offset
from tests.services.api import BYTES, TUS, Api


async def creator_of(services: Services, upload: str) -> str:
    return (await services.uploads.load(upload.rpartition("/")[2], None)).principal_id


async def begin(api: Api, headers: dict[str, str]) -> tuple[str, str]:
    async with api.session.post("/v1/uploads", headers={**TUS, **headers}) as answer:
        assert answer.status == 201
        location = answer.headers["Location"].removeprefix(api.url)
        return location, answer.headers.get("Evidence-Location", "")


async def test_a_running_request_is_ended_and_its_bytes_stay(
    api: Api, open_api: OpenApi, services: Services
) -> None:
    colleague = await open_api()
    upload, evidence = await api.create(1000)
    creator = await creator_of(services, upload)
    async with begun_patch(api, upload, 0, b"a" * 100, 1000) as wire:
        await until_offset(colleague, upload, 100)
        began = asyncio.get_running_loop().time()
        await services.principals.revoke(creator)
        status, headers, body = await wire.answer(10)
        assert asyncio.get_running_loop().time() - began < 5
    assert (status, headers["upload-offset"], headers["connection"]) == (401, "100", "close")
    assert (json.loads(body)["code"], headers["www-authenticate"]) == ("key_revoked", "Bearer")
    assert (await api.head(upload)).status == 401
    assert (await colleague.patch(upload, 100, b"b" * 900)).status == 204
    assert (await colleague.evidence(evidence))["state"] == "received"


async def test_a_creation_with_bytes_is_ended_too(api: Api, open_api: OpenApi, services: Services) -> None:
    await api.create(1)
    colleague = await open_api()
    (first,) = (await colleague.evidence("/v1/evidence"))["items"]
    headers = head_of(api, "POST", "/v1/uploads", {**BYTES, "Upload-Length": "99", "Content-Length": "99"})
    async with connected(api.url) as wire:
        await wire.send(headers + b"abc")
        upload = await services.uploads.of_evidence(first["id"])
        assert upload
        await services.principals.revoke(upload.principal_id)
        status, told, _ = await wire.answer(5)
    # The key may have been looked up only after it was revoked: then nothing was created.
    assert (status, told.get("upload-offset", "3")) == (401, "3")


async def test_only_the_revoked_keys_requests_are_ended(
    api: Api, open_api: OpenApi, services: Services
) -> None:
    colleague = await open_api()
    mine, _ = await api.create(200)
    theirs, _ = await colleague.create(200)
    async with (
        begun_patch(api, mine, 0, b"a" * 100, 200) as wire,
        begun_patch(colleague, theirs, 0, b"a" * 100, 200) as other,
    ):
        await until_offset(colleague, mine, 100)
        await until_offset(colleague, theirs, 100)
        await services.principals.revoke(await creator_of(services, mine))
        assert (await wire.answer(5))[0] == 401
        await other.send(b"b" * 100)
        assert (await other.answer(5))[0] == 204


async def test_the_last_byte_under_a_revoked_key_completes_nothing(
    api: Api, open_api: OpenApi, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revocation, "LOOK_SECONDS", 60.0)  # nobody looks in between
    colleague = await open_api()
    upload, evidence = await api.create(200)
    stored = await services.uploads.load(upload.rpartition("/")[2], None)
    # A look that is due already may still come: wait for the one after it, which does not.
    await asyncio.sleep(1.2)
    async with begun_patch(api, upload, 0, b"a" * 100, 200) as wire:
        await until_offset(colleague, upload, 100)
        await services.principals.revoke(stored.principal_id)
        await wire.send(b"b" * 100)
        status, headers, _ = await wire.answer(5)
    assert (status, headers["upload-offset"]) == (401, "200")
    for _ in range(2):
        await sweep(services, datetime.now(UTC))
        assert await state_of(services, stored) is UploadState.OPEN
    # A colleague who asks for it answers for it.
    assert await colleague.offset(upload) == 200
    assert (await colleague.evidence(evidence))["state"] == "received"
    assert await state_of(services, stored) is UploadState.FINISHED


async def test_a_whole_that_a_revoked_key_began_waits_for_somebody_else(
    api: Api, open_api: OpenApi, services: Services
) -> None:
    colleague = await open_api()
    part, _ = await begin(api, {"Upload-Concat": "partial", "Upload-Length": "5"})
    whole, evidence = await begin(api, {"Upload-Concat": f"final;{part}"})
    left = await services.uploads.load(part.rpartition("/")[2], None)
    stored = await services.uploads.load(whole.rpartition("/")[2], None)
    await services.principals.revoke(stored.principal_id)
    async with services.store.open_writer(left.ref) as writer:  # as a process that died left it
        await writer.write([b"hello"])
    with capture_logs() as logs:  # the sweeper asks for it every half minute: it has nothing to tell of it
        await survive(partial(join, services, stored.id, SYSTEM))
    assert logs == []
    assert await state_of(services, stored) is UploadState.OPEN
    assert (await colleague.head(whole)).status == 200
    assert (await colleague.wait(evidence, {"received"}))["size_bytes"] == 5


async def test_a_revocation_and_an_end_at_once_are_one_after_the_other(api: Api, services: Services) -> None:
    uploads = [(await api.create(3))[0].rpartition("/")[2] for _ in range(8)]
    creator = (await services.uploads.load(uploads[0], None)).principal_id

    async def finish(upload_id: str) -> bool:
        try:
            await services.uploads.finish(
                upload_id, lambda *_: None, expires_at=datetime.now(UTC), principal_id=creator
            )
        except KeyRevoked:
            return False
        return True

    before = await asyncio.gather(*map(finish, uploads[:4]))
    during = asyncio.gather(*map(finish, uploads))
    await services.principals.revoke(creator)
    await during
    assert (before, await asyncio.gather(*map(finish, uploads))) == ([True] * 4, [False] * 8)


async def test_a_database_that_does_not_answer_ends_no_sender(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: object) -> frozenset[str]:
        raise StorageUnavailable("down")

    monkeypatch.setattr(services.principals, "revoked", fail)
    senders = Senders(services.principals)
    body = asyncio.StreamReader()
    with senders.receiving("somebody", body):  # type: ignore[arg-type]
        await senders.look()
    assert body.exception() is None


async def test_nobody_is_asked_for_while_nothing_is_received(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: object) -> frozenset[str]:
        raise AssertionError("nobody receives")

    monkeypatch.setattr(services.principals, "revoked", fail)
    senders = Senders(services.principals)
    with senders.receiving("somebody", asyncio.StreamReader()):  # type: ignore[arg-type]
        pass
    await senders.look()
