"""The last bytes of an upload sent again: one completion, and as many equal answers as requests."""

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from hashlib import sha1

import pytest
from aiohttp import ClientResponse

from config.settings import Settings
from gateway.services import Services
from gateway.uploads import holding, repeated
from storage.errors import UploadBusy
from storage.evidence import original_key
from storage.records.audit import AuditTrail
from storage.records.database import open_database
from tests.gateway.wire import Wire, begun_patch, connected, head_of, until_offset
from tests.services.api import BYTES, TUS, Api, until
from tests.services.databases import ON_BOTH
from tests.storage.blob_contract import read_all

#: What differs from answer to answer, whatever was asked.
_OF_THE_MOMENT = {"x-request-id", "date", "server"}


def lasting(answer: ClientResponse) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.lower() not in _OF_THE_MOMENT}


async def completed_once(services: Services, settings: Settings, evidence: str) -> bool:
    """Tell whether it was received once and has one job."""
    evidence_id = evidence.rpartition("/")[2]
    async with open_database(settings.database_url) as database:
        kinds = [event.kind for event in await AuditTrail(database).events(evidence_id)]
    due = await services.outbox.due(1000, datetime.now(UTC) + timedelta(days=1))
    jobs = [job for job in due if job.evidence_id == evidence_id]
    return kinds.count("received") == 1 and len(jobs) == 1


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Call no sender stalled that a busy machine keeps from being served for a moment."""
    monkeypatch.setattr(holding, "STALLED_SECONDS", 30.0)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("size", [1, 5, 300_000, 3_000_000])
async def test_the_last_patch_five_times_at_once_gets_five_equal_answers(
    api: Api, rival: Api, services: Services, settings: Settings, size: int
) -> None:
    data = (bytes(range(256)) * (size // 256 + 1))[:size]
    for _ in range(3):
        upload, evidence = await api.create(size + 3)
        assert (await api.patch(upload, 0, b"abc")).status == 204
        senders = (api, rival, api, rival, api)
        answers = await asyncio.gather(*(sender.patch(upload, 3, data) for sender in senders))
        assert [answer.status for answer in answers] == [204] * 5
        assert answers[0].headers["Upload-Offset"] == str(size + 3)
        assert all(lasting(answer) == lasting(answers[0]) for answer in answers)
        assert await completed_once(services, settings, evidence)
        assert (await api.evidence(evidence))["state"] == "received"


@ON_BOTH
@pytest.mark.usefixtures("patient")
async def test_the_last_patch_five_times_at_once_with_its_checksum(
    api: Api, rival: Api, services: Services, settings: Settings
) -> None:
    data = bytes(500_000)
    sum_of = {"Upload-Checksum": f"sha1 {base64.b64encode(sha1(data).digest()).decode()}"}
    upload, evidence = await api.create(len(data))
    senders = (api, rival, api, rival, api)
    answers = await asyncio.gather(*(sender.patch(upload, 0, data, **sum_of) for sender in senders))
    assert [answer.status for answer in answers] == [204] * 5
    assert await completed_once(services, settings, evidence)


@ON_BOTH
async def test_of_two_different_last_patches_at_once_one_wins_and_bytes_are_never_mixed(
    api: Api, rival: Api, services: Services
) -> None:
    for _ in range(5):
        upload, evidence = await api.create(300_000)
        bodies = (b"a" * 300_000, b"b" * 300_000)
        answers = await asyncio.gather(api.patch(upload, 0, bodies[0]), rival.patch(upload, 0, bodies[1]))
        assert sorted(answer.status for answer in answers) == [204, 409]
        lost = next(answer for answer in answers if answer.status == 409)
        assert lost.headers["Upload-Offset"] == "300000"
        won = bodies[answers[0].status == 409]
        assert await read_all(services.blobs, original_key(evidence.rpartition("/")[2])) == won


@pytest.mark.parametrize("offset", [0, 3, 5])
async def test_a_last_patch_whose_answer_was_lost_is_answered_the_same(api: Api, offset: int) -> None:
    upload, evidence = await api.create(5)
    first = await api.patch(upload, 0, b"hello")
    before = await api.evidence(evidence)
    again = await api.patch(upload, offset, b"hello"[offset:])
    assert again.status == 204
    assert lasting(again) == lasting(first)
    assert await api.evidence(evidence) == before


@pytest.mark.parametrize(
    ("offset", "body"),
    [(0, b"hellO"), (0, b"Hello"), (0, b"hell"), (0, b""), (3, b"l"), (4, b"x"), (6, b""), (999, b"x")],
)
async def test_other_bytes_after_the_end_are_409(api: Api, offset: int, body: bytes) -> None:
    upload, evidence = await api.create(5)
    await api.patch(upload, 0, b"hello")
    before = await api.evidence(evidence)
    for data in (body, chunks(body)):
        refused = await api.patch(upload, offset, data)
        assert (refused.status, refused.headers["Upload-Offset"]) == (409, "5")
    assert await api.evidence(evidence) == before


async def test_a_repetition_without_a_length_is_compared_to_its_end(api: Api) -> None:
    upload, _ = await api.create(5)
    await api.patch(upload, 0, b"hello")
    assert (await api.patch(upload, 2, chunks(b"llo"))).status == 204
    assert (await api.patch(upload, 2, chunks(b"llo!"))).status == 409


async def test_more_than_the_end_is_too_long(api: Api) -> None:
    upload, _ = await api.create(5)
    await api.patch(upload, 0, b"hello")
    assert (await api.patch(upload, 5, b"x")).status == 413
    assert (await api.patch(upload, 0, b"hello!")).status == 409


@pytest.mark.usefixtures("patient")
async def test_a_repetition_waits_for_a_slow_first_and_is_asked_for_its_body(api: Api, rival: Api) -> None:
    upload, _ = await api.create(9)
    async with begun_patch(api, upload, 0, b"abc", 9) as first:
        await until_offset(api, upload, 3)
        headers = {**BYTES, "Upload-Offset": "0", "Content-Length": "9", "Expect": "100-continue"}
        async with connected(rival.url) as second:
            await second.send(head_of(rival, "PATCH", upload, headers))
            for piece in (b"de", b"fg"):
                await asyncio.sleep(0.3)
                await first.send(piece)
            await first.send(b"hi")
            assert (await first.answer())[0] == 204
            assert (await second.answer())[0] == 100
            await second.send(b"abcdefghi")
            status, told, _ = await second.answer()
            assert (status, told["upload-offset"]) == (204, "9")


async def test_a_repetition_goes_on_itself_once_the_first_has_stalled(api: Api, rival: Api) -> None:
    upload, evidence = await api.create(9)
    async with begun_patch(api, upload, 0, b"", 9):
        await asyncio.sleep(0.1)
        assert (await rival.patch(upload, 0, b"abcdefghi")).status == 204
    assert (await api.evidence(evidence))["state"] == "received"


async def test_a_repetition_of_one_that_stalled_on_its_way_is_told_the_offset(api: Api, rival: Api) -> None:
    upload, _ = await api.create(9)
    async with begun_patch(api, upload, 0, b"abc", 9):
        await until_offset(api, upload, 3)
        refused = await rival.patch(upload, 0, b"abcdefghi")
        assert (refused.status, refused.headers["Upload-Offset"]) == (409, "3")
        assert (await rival.patch(upload, 3, b"defghi")).status == 204


async def test_a_repetition_waits_no_longer_than_its_patience(
    api: Api, rival: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeated, "_PATIENCE_SECONDS", 0.5)
    upload, _ = await api.create(1 << 20)
    async with begun_patch(api, upload, 0, b"abc", 1 << 20) as first:
        dripping = asyncio.create_task(drip(first))
        await until_offset(api, upload, 3)
        refused = await rival.patch(upload, 0, bytes(1 << 20))
        assert refused.status == 409
        assert int(refused.headers["Upload-Offset"]) >= 3
        dripping.cancel()


async def test_a_client_that_leaves_while_it_waits_keeps_nobody_waiting(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its request ends: a gateway that stops would wait for it otherwise."""
    looks = []
    look_again = repeated._look_again

    async def look(*args: object, **more: object) -> object:
        looks.append(1)
        return await look_again(*args, **more)

    monkeypatch.setattr(repeated, "_look_again", look)
    upload, _ = await api.create(9)
    async with begun_patch(api, upload, 0, b"abc", 9) as first:
        await until_offset(api, upload, 3)
        dripping = asyncio.create_task(drip(first, pause=0.4, pieces=5))
        async with begun_patch(api, upload, 0, b"abc", 9):
            await until(lambda: answered(bool(looks)))
        await asyncio.sleep(0.4)
        seen = len(looks)
        await asyncio.sleep(0.5)
        assert len(looks) == seen
        dripping.cancel()


async def test_a_patch_of_a_part_is_repeated_like_any_other(api: Api) -> None:
    headers = {**TUS, "Upload-Length": "5", "Upload-Concat": "partial"}
    async with api.session.post("/v1/uploads", headers=headers) as answer:
        part = answer.headers["Location"].removeprefix(api.url)
    answers = await asyncio.gather(*(api.patch(part, 0, b"hello") for _ in range(5)))
    assert [answer.status for answer in answers] == [204] * 5
    assert (await api.patch(part, 0, b"hello")).status == 204
    assert (await api.patch(part, 3, b"lo")).status == 204
    refused = await api.patch(part, 0, b"hellO")
    assert (refused.status, refused.headers["Upload-Offset"]) == (409, "5")


async def test_a_patch_that_finds_the_bytes_handed_over_is_no_404(
    api: Api, services: Services, settings: Settings
) -> None:
    """As when the process dies between handing over the bytes and the record of it."""
    upload, evidence = await api.create(5)
    async with begun_patch(api, upload, 0, b"hell", 5):
        await until_offset(api, upload, 4)
    record = await services.uploads.load(upload.rpartition("/")[2], None)

    async def left() -> bool:
        try:
            async with services.store.open_writer(record.ref) as writer:
                await writer.write([b"o"])
        except UploadBusy:
            return False
        return True

    await until(left)
    await services.store.finish(record.ref, original_key(record.becomes))
    refused = await api.patch(upload, 2, b"x")
    assert (refused.status, refused.headers["Upload-Offset"]) == (409, "5")
    assert (await api.patch(upload, 0, b"hello")).status == 204
    assert await completed_once(services, settings, evidence)


async def drip(wire: Wire, pause: float = 0.05, pieces: int = 200) -> None:
    for _ in range(pieces):
        await wire.send(b"x")
        await asyncio.sleep(pause)


async def chunks(body: bytes) -> AsyncIterator[bytes]:
    for at in range(len(body)):
        yield body[at : at + 1]


async def answered(value: bool) -> bool:
    return value
