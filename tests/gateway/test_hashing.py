"""SHA-256 of the whole file while it arrives: the last answer says it, whoever received which part."""

import asyncio
import base64
import hashlib

import pytest

from config.settings import Settings
from gateway.services import Services
from gateway.uploads.hashing import _PIECE_BYTES, Hashing
from storage.evidence import original_key
from tests.gateway.conftest import running_gateway
from tests.gateway.left_uploads import new_upload
from tests.gateway.wire import begun_patch, until_offset
from tests.services.api import BYTES, TUS, Api, until

pytestmark = pytest.mark.parametrize("chosen", [{"hash_while_receiving": True}])

DATA = bytes(range(253)) * 20_000


def digest_of(data: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


@pytest.mark.parametrize("chunk", [1_000_000, 2_500_000, 10_000_000])
async def test_the_last_answer_says_the_digest_and_the_record_has_it(api: Api, chunk: int) -> None:
    upload, evidence = await api.create(len(DATA))
    for offset in range(0, len(DATA), chunk):
        answer = await api.patch(upload, offset, DATA[offset : offset + chunk])
        assert answer.status == 204
        last = offset + chunk >= len(DATA)
        assert answer.headers.get("Repr-Digest") == (digest_of(DATA) if last else None)
    found = await api.evidence(evidence)
    assert (found["state"], found["sha256"]) == ("received", hashlib.sha256(DATA).hexdigest())


async def test_a_creation_with_the_whole_file_says_it_and_a_repetition_does_too(api: Api) -> None:
    headers = {**BYTES, "Upload-Length": "5"}
    async with api.session.post("/v1/uploads", headers=headers, data=b"hello") as answer:
        assert (answer.status, answer.headers["Repr-Digest"]) == (201, digest_of(b"hello"))
        upload = answer.headers["Location"].removeprefix(api.url)
    assert (await api.patch(upload, 0, b"hello")).headers["Repr-Digest"] == digest_of(b"hello")


async def test_five_repetitions_at_once_all_say_it(api: Api) -> None:
    upload, _ = await api.create(len(DATA))
    answers = await asyncio.gather(*(api.patch(upload, 0, DATA) for _ in range(5)))
    said = {(answer.status, answer.headers["Repr-Digest"]) for answer in answers}
    assert said == {(204, digest_of(DATA))}


async def test_a_part_received_by_another_process_or_cut_is_hashed_too(api: Api, settings: Settings) -> None:
    key = api.session.headers["Authorization"].removeprefix("Bearer ")
    async with running_gateway(settings) as url, Api(url, key) as other:
        upload, _ = await api.create(len(DATA))
        assert (await other.patch(upload, 0, DATA[:2_000_000])).status == 204
        async with begun_patch(api, upload, 2_000_000, DATA[2_000_000:2_500_000], 1_000_000):
            await until_offset(api, upload, 2_500_000)

        async def resumed() -> bool:
            offset = await other.offset(upload)
            return (await other.patch(upload, offset, DATA[offset:4_000_000])).status == 204

        await until(resumed)
        answer = await api.patch(upload, 4_000_000, DATA[4_000_000:])
        assert answer.headers["Repr-Digest"] == digest_of(DATA)


async def test_a_checked_body_that_was_dropped_is_not_hashed(api: Api) -> None:
    upload, _ = await api.create(len(DATA))
    wrong = {"Upload-Checksum": f"md5 {base64.b64encode(bytes(16)).decode()}"}
    right = {"Upload-Checksum": f"md5 {base64.b64encode(hashlib.md5(DATA[100:]).digest()).decode()}"}
    assert (await api.patch(upload, 0, DATA[:100])).status == 204
    assert (await api.patch(upload, 100, bytes(len(DATA) - 100), **wrong)).status == 460
    answer = await api.patch(upload, 100, DATA[100:], **right)
    assert answer.headers["Repr-Digest"] == digest_of(DATA)


async def test_a_writer_that_was_fenced_leaves_nothing_in_the_hash(services: Services) -> None:
    """Its bytes were hashed here and do not count; another process wrote others in their place."""
    hashing = Hashing(services.store, services.blobs, enabled=True)
    upload = await new_upload(services, 3 * _PIECE_BYTES)
    old, new = b"o" * _PIECE_BYTES, b"n" * _PIECE_BYTES
    async with services.store.open_writer(upload.ref) as writer:
        await writer.write([old])
        await hashing.advance(upload, writer.counted)
        raised = await services.uploads.take_over(upload.id, 1)
        held = await services.uploads.freeze(upload.id, 2, await services.store.measure(raised.ref))
        await writer.write([b"XXX" * _PIECE_BYTES])
        await hashing.advance(upload, writer.counted)
    async with services.store.open_writer(held.ref) as writer:
        for _ in range(2):
            await writer.write([new])
            await hashing.advance(held, writer.counted)
    await services.store.finish(held.ref, original_key(held.becomes))
    assert await hashing.finish(held) == hashlib.sha256(old + new + new).hexdigest()


async def test_a_place_that_was_forgotten_is_found_again(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.uploads.hashing._REMEMBERED", 1)
    hashing = Hashing(services.store, services.blobs, enabled=True)
    uploads = [await new_upload(services, 2 * _PIECE_BYTES) for _ in range(3)]
    for _ in range(2):
        for upload in uploads:
            async with services.store.open_writer(upload.ref) as writer:
                await writer.write([bytes(_PIECE_BYTES)])
                await hashing.advance(upload, writer.counted)
    for upload in uploads:
        await services.store.finish(upload.ref, original_key(upload.becomes))
        assert await hashing.finish(upload) == hashlib.sha256(bytes(2 * _PIECE_BYTES)).hexdigest()


async def test_a_part_of_an_upload_says_none(api: Api) -> None:
    headers = {**TUS, "Upload-Length": "5", "Upload-Concat": "partial"}
    async with api.session.post("/v1/uploads", headers=headers) as answer:
        part = answer.headers["Location"].removeprefix(api.url)
    answer = await api.patch(part, 0, b"hello")
    assert answer.status == 204
    assert "Repr-Digest" not in answer.headers
