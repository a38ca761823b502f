"""Two that want one upload, in one process or two: nobody is ended for nothing, each is told where it is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from config.settings import Settings
from gateway.uploads import holding
from gateway.uploads.holding import STALLED_SECONDS
from storage.uploads import UploadRef, UploadWriter
from storage.uploads.local import LocalUploadStore
from tests.gateway.wire import begun_patch, connected, head_of, until_offset
from tests.services.api import BYTES, TUS, Api


@pytest.fixture
def stalled_seconds(monkeypatch: pytest.MonkeyPatch) -> float:
    """Let a sender be called stalled later than two steps of a test are apart on a busy machine."""
    monkeypatch.setattr(holding, "STALLED_SECONDS", 4.0)
    return 4.0


@pytest.fixture
def slow_leaving(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a sender need time to leave, as on a busy disk; here more than it takes to be called stalled."""
    seconds = 1.2 if request.node.callspec.params["rival"] == "same process" else 0.1
    open_writer = LocalUploadStore.open_writer

    @asynccontextmanager
    async def leave_slowly(store: LocalUploadStore, upload: UploadRef) -> AsyncIterator[UploadWriter]:
        async with open_writer(store, upload) as writer:
            try:
                yield writer
            finally:
                await asyncio.sleep(seconds)

    monkeypatch.setattr(LocalUploadStore, "open_writer", leave_slowly)


async def test_a_patch_that_cannot_match_never_ends_a_sender_that_paused(api: Api, rival: Api) -> None:
    upload, _ = await api.create(1000)
    async with begun_patch(api, upload, 0, b"a" * 100, 1000) as wire:
        await until_offset(api, upload, 100)
        await asyncio.sleep(STALLED_SECONDS + 0.2)
        for offset in (7, 101, 1000):
            refused = await rival.patch(upload, offset, b"")
            assert (refused.status, refused.headers["Upload-Offset"]) == (409, "100")
        await wire.send(b"b" * 900)
        status, headers, _ = await wire.answer()
        assert (status, headers["upload-offset"]) == (204, "1000")


async def test_a_sender_whose_first_byte_is_on_its_way_is_not_ended(
    api: Api, rival: Api, stalled_seconds: float
) -> None:
    upload, _ = await api.create(10)
    await asyncio.sleep(stalled_seconds + 0.1)  # nobody was here for a while
    asking = {**BYTES, "Upload-Offset": "0", "Content-Length": "10", "Expect": "100-continue"}
    async with connected(api.url) as wire:
        await wire.send(head_of(api, "PATCH", upload, asking))
        assert (await wire.answer())[0] == 100
        assert await rival.offset(upload) == 0
        refused = await rival.patch(upload, 0, b"b")
        assert (refused.status, refused.headers["Upload-Offset"]) == (409, "0")
        await wire.send(b"a" * 10)
        status, headers, _ = await wire.answer()
        assert (status, headers["upload-offset"]) == (204, "10")


async def test_a_sender_that_was_replaced_is_told_where_the_upload_stands(api: Api, rival: Api) -> None:
    upload, _ = await api.create(1000)
    async with begun_patch(api, upload, 0, b"a" * 100, 1000) as wire:
        await until_offset(api, upload, 100)
        await asyncio.sleep(STALLED_SECONDS + 0.2)
        assert (await rival.patch(upload, 100, b"c" * 400)).status == 204
        await wire.send(b"b" * 900)
        status, headers, _ = await wire.answer()
        assert status == 409
        # In the same process it is told at once, while its successor's bytes are being written.
        assert int(headers["upload-offset"]) in range(100, 501)
        assert await api.offset(upload) == 500


async def test_who_resumes_right_after_a_cut_waits_until_the_cut_sender_has_left(
    api: Api, rival: Api, slow_leaving: None
) -> None:
    upload, _ = await api.create(1000)
    async with begun_patch(api, upload, 0, b"a" * 100, 1000):
        await until_offset(api, upload, 100)
    resumed = await rival.patch(upload, 100, b"b" * 400)
    assert (resumed.status, resumed.headers["Upload-Offset"]) == (204, "500")


async def test_of_several_that_take_over_a_stalled_sender_one_goes_on_and_is_not_ended_by_the_others(
    api: Api, rival: Api
) -> None:
    async def slowly() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b"b" * 40
            await asyncio.sleep(0.1)

    upload, _ = await api.create(1000)
    async with begun_patch(api, upload, 0, b"a" * 100, 1000):
        await until_offset(api, upload, 100)
        await asyncio.sleep(STALLED_SECONDS + 0.2)
        answers = await asyncio.gather(*(rival.patch(upload, 100, slowly()) for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [204, 409, 409, 409]
    assert await rival.offset(upload) == 500


async def test_who_waits_for_an_active_sender_ends_nobody(
    api: Api, rival: Api, stalled_seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes when the sender is active, and waits beyond the moment when that one is stalled."""
    monkeypatch.setattr(holding, "_PATIENCE_SECONDS", stalled_seconds * 0.95)
    upload, _ = await api.create(1000)
    async with begun_patch(api, upload, 0, b"a" * 100, 500) as wire:
        await until_offset(api, upload, 100)
        await asyncio.sleep(stalled_seconds * 0.1)
        refused = await rival.patch(upload, 100, b"b" * 400)
        assert (refused.status, refused.headers["Upload-Offset"]) == (409, "100")
        await wire.send(b"a" * 400)
        status, headers, _ = await wire.answer()
        assert (status, headers["upload-offset"]) == (204, "500")


async def test_a_patch_whose_upload_was_cancelled_meanwhile_is_404(
    api: Api, rival: Api, settings: Settings
) -> None:
    upload, evidence = await api.create(1000)
    async with begun_patch(api, upload, 0, b"a" * 100, 500) as wire:
        await until_offset(api, upload, 100)
        async with rival.session.delete(upload, headers=TUS) as answer:
            assert answer.status == 204
        await wire.send(b"b" * 400)
        status, headers, _ = await wire.answer()
        assert status == 404
        assert "upload-offset" not in headers
        assert (await api.evidence(evidence))["state"] == "withdrawn"


async def test_the_last_byte_of_an_upload_cancelled_meanwhile_is_404_and_leaves_nothing(
    api: Api, rival: Api, settings: Settings
) -> None:
    upload, evidence = await api.create(500)
    async with begun_patch(api, upload, 0, b"a" * 100, 500) as wire:
        await until_offset(api, upload, 100)
        async with rival.session.delete(upload, headers=TUS) as answer:
            assert answer.status == 204
        await wire.send(b"b" * 400)
        assert (await wire.answer())[0] == 404
        names = {upload.rpartition("/")[2], evidence.rpartition("/")[2]}
        assert [
            path for path in settings.store.rglob("*") if path.is_file() and names & set(path.parts)
        ] == []
