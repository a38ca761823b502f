"""Wholes that are made before their parts are finished (tus 1.0.0, Concatenation-Unfinished)."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from config.settings import Settings
from gateway.services import Services
from gateway.sweeping import sweep
from gateway.uploads.wholes import join
from storage.evidence import original_key
from storage.upload import UploadState
from tests.gateway.left_uploads import let_idle
from tests.gateway.test_concatenation import JPG_LIMIT, original
from tests.gateway.wholes import PARTIAL, delete, new_part, new_whole, post
from tests.services.api import BYTES, Api, until

pytestmark = pytest.mark.usefixtures("patient_joins")
LATE = timedelta(days=400)


def id_of(path: str) -> str:
    return path.rpartition("/")[2]


async def test_head_shows_the_bytes_from_the_beginning_without_a_gap(api: Api, services: Services) -> None:
    one = await new_part(api, b"hello ", 2)
    two = await new_part(api, b"world", 5)
    three = await new_part(api, b"!!", 0)
    whole, evidence = await new_whole(api, [one, two, three], "notes.txt")
    assert (await api.evidence(evidence))["state"] == "receiving"

    async def shown() -> tuple[str, str]:
        headers = (await api.head(whole)).headers
        return headers["Upload-Offset"], headers["Upload-Length"]

    assert await shown() == ("2", "13")
    await api.patch(one, 2, b"llo ")
    assert await shown() == ("11", "13")
    await api.patch(three, 0, b"!")
    assert await shown() == ("12", "13")
    await api.patch(three, 1, b"!")
    assert await shown() == ("13", "13")
    await api.wait(evidence, {"received"})
    assert await original(services, evidence) == b"hello world!!"


async def test_the_offset_is_the_length_only_once_the_whole_is_joined(
    api: Api, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = await new_part(api, b"hello")
    goes_on = asyncio.Event()

    async def wait(*_: object) -> None:
        await goes_on.wait()

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("gateway.joining.join", wait)
        meanwhile.setattr("gateway.tus.create.JOIN_SECONDS", 2.0)
        meanwhile.setattr("gateway.tus.head.LOOK_SECONDS", 0.1)
        began = time.monotonic()
        whole, evidence = await new_whole(api, [part])
        assert time.monotonic() - began < 10
        assert await api.offset(whole) == 4
        began = time.monotonic()
        assert await api.offset(part) == 5
        assert time.monotonic() - began < 5
    goes_on.set()

    async def joined() -> bool:
        return await api.offset(whole) == 5

    await until(joined)
    assert (await api.evidence(evidence))["state"] == "received"


async def test_two_wholes_that_wait_for_one_part_are_both_made(api: Api, services: Services) -> None:
    one, two = await new_part(api, b"ab", 1), await new_part(api, b"c")
    wholes = [await new_whole(api, parts) for parts in ([one, two], [two, one, one])]
    assert (await api.patch(one, 1, b"b")).status == 204
    for _, evidence in wholes:
        await api.wait(evidence, {"received"})
    assert [await original(services, evidence) for _, evidence in wholes] == [b"abc", b"cabab"]


async def test_last_bytes_of_all_parts_at_once_make_one_piece_of_evidence(
    api: Api, services: Services
) -> None:
    for _ in range(5):
        parts = [await new_part(api, b"ab", 1) for _ in range(4)]
        _, evidence = await new_whole(api, parts)
        answers = await asyncio.gather(*(api.patch(part, 1, b"b") for part in parts for _ in range(2)))
        assert {answer.status for answer in answers} <= {204, 409}

        async def received(evidence: str = evidence) -> bool:
            return (await api.evidence(evidence))["state"] == "received"

        await until(received)
        assert await original(services, evidence) == b"abababab"
    due = await services.outbox.due(100, datetime.now(UTC))
    assert len({job.evidence_id for job in due}) == len(due) == 5


async def test_a_cancelled_part_ends_the_whole_that_waits_for_it(api: Api) -> None:
    one, two = await new_part(api, b"ab", 1), await new_part(api, b"c")
    whole, evidence = await new_whole(api, [one, two])
    assert await delete(api, one) == 204
    found = await api.wait(evidence, {"withdrawn"})
    assert found["code"] == "part_missing"
    assert (await api.head(whole)).status == 404
    assert await api.offset(two) == 1


async def test_a_whole_cancelled_before_its_end_withdraws_its_evidence_and_keeps_its_parts(
    api: Api, settings: Settings
) -> None:
    part = await new_part(api, b"ab", 1)
    whole, evidence = await new_whole(api, [part])
    assert await delete(api, whole) == 204
    found = await api.evidence(evidence)
    assert (found["state"], found["code"]) == ("withdrawn", "upload_cancelled")
    assert [path.name for path in (settings.store / "uploads").iterdir()] == [id_of(part)]
    assert (await api.patch(part, 1, b"b")).status == 204
    assert (await api.evidence(evidence))["state"] == "withdrawn"


async def test_a_whole_that_turns_out_too_large_is_rejected(api: Api) -> None:
    _, headers, _ = await post(api, **PARTIAL, **{"Upload-Defer-Length": "1"})
    part = headers["Location"].removeprefix(api.url)
    whole, evidence = await new_whole(api, [part], "photo.jpg")
    sent = {**BYTES, "Upload-Offset": "0", "Upload-Length": str(JPG_LIMIT + 1)}
    async with api.session.patch(part, headers=sent, data=b"x") as answer:
        assert answer.status == 204
    assert (await api.head(whole)).status == 404
    found = await api.wait(evidence, {"rejected"})
    assert found["code"] == "file_too_large"
    assert ".jpg" in found["reason"]


async def test_a_whole_whose_last_answer_was_lost_is_joined_by_the_sweeper(
    api: Api, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = await new_part(api, b"ab", 1)
    _, evidence = await new_whole(api, [part])
    ref = (await services.uploads.load(id_of(part), None)).ref
    async with services.store.open_writer(ref) as writer:
        await writer.write([b"b"])
    await sweep(services, datetime.now(UTC))
    async with services.joins.next() as (asked, actor):
        await join(services, asked, actor)
    assert await original(services, evidence) == b"ab"


async def test_a_join_without_room_waits_and_is_tried_again(
    api: Api, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = await new_part(api, b"ab", 1)
    whole, evidence = await new_whole(api, [part])

    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("os.copy_file_range", full)
        assert (await api.patch(part, 1, b"b")).status == 204
        for _ in range(2):
            await join(services, id_of(whole), "system")
            waits = await api.evidence(evidence)
            assert (waits["state"], waits["delayed"], waits["code"]) == ("receiving", True, "storage_full")
            assert waits["version"] == 2
    assert await api.offset(whole) == 2
    assert await original(services, evidence) == b"ab"
    goes_on = await api.evidence(evidence)
    assert (goes_on["state"], goes_on["delayed"], goes_on["code"]) == ("received", False, None)


async def test_a_join_never_uses_the_reserve_and_a_whole_that_waited_may_be_cancelled(
    api: Api, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = await new_part(api, b"hello", 4)
    whole, evidence = await new_whole(api, [part])
    monkeypatch.setattr("gateway.uploads.space.free_for_uploads", lambda *_: 4)
    assert (await api.patch(part, 4, b"o")).status == 204
    assert (await api.evidence(evidence))["code"] == "storage_full"
    assert await api.offset(whole) == 4
    assert await delete(api, whole) == 204
    ended = await api.evidence(evidence)
    assert (ended["state"], ended["delayed"], ended["code"]) == ("withdrawn", False, "upload_cancelled")


async def test_parts_never_expire_before_the_whole_that_waits_for_them(
    api: Api, services: Services, settings: Settings
) -> None:
    waits, alone = await new_part(api, b"ab", 2), await new_part(api, b"c")
    open_part = await new_part(api, b"de", 1)
    whole, evidence = await new_whole(api, [waits, open_part])
    later = datetime.now(UTC) + timedelta(days=30)
    for path in (waits, alone, open_part, whole):
        let_idle(settings, id_of(path), 100)
    await services.uploads.touch(id_of(open_part), later)
    await sweep(services, datetime.now(UTC) + timedelta(days=8))
    for path in (waits, open_part, whole):
        assert await state_of_path(services, path) is UploadState.OPEN
    assert (await api.head(alone)).status == 404
    assert (await services.uploads.load(id_of(whole), None)).expires_at == later
    for _ in range(2):
        await sweep(services, later + timedelta(days=1))
    assert (await api.evidence(evidence))["code"] == "expired"
    assert not list((settings.store / "uploads").iterdir())


async def state_of_path(services: Services, path: str) -> UploadState:
    return (await services.uploads.load(id_of(path), None)).state


async def test_finished_parts_are_dropped_but_not_while_another_whole_waits_for_them(
    api: Api, services: Services, settings: Settings
) -> None:
    shared, late = await new_part(api, b"ab"), await new_part(api, b"c", 0)
    await new_whole(api, [shared])
    whole, evidence = await new_whole(api, [shared, late])
    assert await state_of_path(services, shared) is UploadState.FINISHED
    await sweep(services, datetime.now(UTC) + timedelta(days=3))
    assert (await api.patch(late, 0, b"c")).status == 204
    await api.wait(evidence, {"received"})
    assert await original(services, evidence) == b"abc"
    await sweep(services, datetime.now(UTC) + LATE)
    assert [(await api.head(path)).status for path in (shared, late, whole)] == [404] * 3
    assert not list((settings.store / "uploads").iterdir())
    assert (await services.blobs.stat(original_key(id_of(evidence)))).size_bytes == 3
