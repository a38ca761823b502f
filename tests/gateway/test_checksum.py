"""`Upload-Checksum`: a body whose digest differs, or can never be compared, is as if it had never come."""

import asyncio
import base64
import hashlib
import json
import signal
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.services import Services
from gateway.sweeping import sweep
from gateway.uploads.holding import STALLED_SECONDS
from storage.evidence import original_key
from tests.gateway.conftest import OpenApi
from tests.gateway.wire import connected, head_of
from tests.services.api import BYTES, TUS, Api, until
from tests.services.intake import Intake, lone_gateway
from tests.storage.blob_contract import read_all

ALGORITHMS = ["sha1", "sha256", "sha512", "md5", "crc32"]


def checksum(data: bytes, algorithm: str = "sha1") -> dict[str, str]:
    digest = zlib.crc32(data).to_bytes(4, "big") if algorithm == "crc32" else None
    digest = digest or hashlib.new(algorithm, data).digest()
    return {"Upload-Checksum": f"{algorithm} {base64.b64encode(digest).decode()}"}


def begun(api: Api, upload: str, offset: int, data: bytes, announced: int, **more: str) -> bytes:
    headers = {**BYTES, "Upload-Offset": str(offset), "Content-Length": str(announced), **more}
    return head_of(api, "PATCH", upload, headers) + data


async def test_options_names_the_algorithms(open_api: OpenApi) -> None:
    api = await open_api(key="")
    async with api.session.options("/v1/uploads") as answer:
        assert "checksum" in answer.headers["Tus-Extension"].split(",")
        assert answer.headers["Tus-Checksum-Algorithm"].split(",") == ALGORITHMS


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("size", [0, 5, 300_000])
async def test_a_body_with_its_checksum_counts_and_one_with_another_does_not(
    api: Api, algorithm: str, size: int
) -> None:
    data = bytes(range(250)) * (size // 250) + bytes(size % 250)
    upload, evidence = await api.create(size + 1)
    refused = await api.patch(upload, 0, data, **checksum(data + b"!", algorithm))
    assert (refused.status, refused.reason) == (460, "Checksum Mismatch")
    assert refused.headers["Upload-Offset"] == "0"
    assert await api.offset(upload) == 0
    taken = await api.patch(upload, 0, data, **checksum(data, algorithm))
    assert (taken.status, taken.headers["Upload-Offset"]) == (204, str(size))
    assert (await api.patch(upload, size, b"x", **checksum(b"x", algorithm))).status == 204
    assert (await api.evidence(evidence))["state"] == "received"


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("sha3 AAAA", "checksum_algorithm"),
        ("SHA1 2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "checksum_algorithm"),
        ("", "checksum_algorithm"),
        ("sha1", "invalid_header"),
        ("sha1 ", "invalid_header"),
        ("sha1 AAAA", "invalid_header"),
        ("sha1 2jmj7l5rSw0yVb/vlWAYkK/YBwk", "invalid_header"),
        ("sha1 2jmj7l5rSw0yVb/vlWAYkK/YBwk= ", "invalid_header"),
        ("sha1  2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "invalid_header"),
        ("sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709", "invalid_header"),
        ("crc32 AAAAAAA=", "invalid_header"),
        ("x" * 5000, "checksum_algorithm"),
    ],
)
async def test_what_is_no_checksum_is_400_and_nothing_counts(api: Api, sent: str, code: str) -> None:
    upload, _ = await api.create(5)
    headers = {"Upload-Offset": "0", "Content-Length": "5", **BYTES, "Upload-Checksum": sent}
    async with connected(api.url) as wire:
        await wire.send(head_of(api, "PATCH", upload, headers) + b"hello")
        status, _, body = await wire.answer()
    # A header's trailing blanks are no part of its value.
    trimmed = sent.endswith("= ")
    assert status == (460 if trimmed else 400)
    assert json.loads(body)["code"] == ("checksum_mismatch" if trimmed else code)
    assert await api.offset(upload) == 0


async def test_two_checksums_are_400(api: Api) -> None:
    upload, _ = await api.create(5)
    twice = [
        (name, value) for algorithm in ("sha1", "md5") for name, value in checksum(b"a", algorithm).items()
    ]
    headers = [*BYTES.items(), ("Upload-Offset", "0"), *twice]
    async with api.session.patch(upload, data=b"a", headers=headers) as answer:
        assert answer.status == 400


async def test_bytes_before_a_mismatch_stay_and_those_after_it_join_them(
    api: Api, services: Services
) -> None:
    upload, evidence = await api.create(9)
    assert (await api.patch(upload, 0, b"abc")).status == 204
    assert (await api.patch(upload, 3, b"XXX", **checksum(b"def"))).status == 460
    assert (await api.patch(upload, 3, b"YYYYYY", **checksum(b"defghi"))).status == 460
    assert (await api.patch(upload, 3, b"def", **checksum(b"def"))).status == 204
    assert (await api.patch(upload, 6, b"ghi")).status == 204
    key = original_key(evidence.rpartition("/")[2])
    assert await read_all(services.blobs, key) == b"abcdefghi"


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_checked_body_that_is_too_long_leaves_nothing(api: Api, chunked: bool) -> None:
    async def body():
        yield b"hel"
        yield b"lo!"

    upload, _ = await api.create(5)
    data = body() if chunked else b"hello!"
    assert (await api.patch(upload, 0, data, **checksum(b"hello!"))).status == 413
    assert await api.offset(upload) == 0


async def test_a_creation_takes_only_first_bytes_that_have_the_checksum(api: Api) -> None:
    headers = {**BYTES, "Upload-Length": "10"}
    async with api.session.post(
        "/v1/uploads", data=b"hello", headers={**headers, **checksum(b"hello")}
    ) as good:
        assert (good.status, good.headers["Upload-Offset"]) == (201, "5")
    async with api.session.post("/v1/uploads", data=b"hello", headers={**headers, **checksum(b"x")}) as bad:
        assert (bad.status, bad.headers["Upload-Offset"]) == (460, "0")
        upload = bad.headers["Location"].removeprefix(api.url)
    assert (await api.patch(upload, 0, b"hello", **checksum(b"hello"))).status == 204
    async with api.session.post(
        "/v1/uploads", data=b"hello", headers={**headers, "Upload-Checksum": "nonsense"}
    ) as malformed:
        assert malformed.status == 400
        assert "Location" not in malformed.headers


async def test_a_last_body_with_a_wrong_checksum_completes_nothing(api: Api, services: Services) -> None:
    upload, evidence = await api.create(5)
    assert (await api.patch(upload, 0, b"hello", **checksum(b"x"))).status == 460
    assert (await api.evidence(evidence))["state"] == "receiving"
    assert (await api.patch(upload, 0, b"hello", **checksum(b"hello"))).status == 204
    assert (await api.evidence(evidence))["state"] == "received"


async def test_head_and_the_sweeper_see_the_offset_before_a_checked_body(
    api: Api, services: Services
) -> None:
    """Also when every byte of the upload has arrived, but not the end of the body."""
    upload, evidence = await api.create(8)
    assert (await api.patch(upload, 0, b"abc")).status == 204
    headers = {**BYTES, "Upload-Offset": "3", "Transfer-Encoding": "chunked", **checksum(b"defgh")}
    folder = services.settings.store / "uploads" / upload.rpartition("/")[2]
    async with connected(api.url) as wire:
        await wire.send(head_of(api, "PATCH", upload, headers) + b"5\r\ndefgh\r\n")

        async def written() -> bool:
            return sum(path.stat().st_size for path in folder.glob("*.segment")) == 8

        await until(written)
        ref = (await services.uploads.load(upload.rpartition("/")[2], None)).ref
        assert await services.store.offset(ref) == 3
        await sweep(services, (await services.uploads.load(ref.id, None)).created_at)
        assert (await api.evidence(evidence))["state"] == "receiving"
        assert await api.offset(upload) == 3
        await wire.send(b"0\r\n\r\n")
        status, told, _ = await wire.answer()
        assert (status, told["upload-offset"]) == (204, "8")
    assert (await api.evidence(evidence))["state"] == "received"


async def test_a_checked_body_that_is_cut_leaves_nothing(api: Api) -> None:
    upload, _ = await api.create(100)
    assert (await api.patch(upload, 0, b"abc")).status == 204
    async with connected(api.url) as wire:
        await wire.send(begun(api, upload, 3, b"d" * 50, 97, **checksum(b"d" * 97)))
        await asyncio.sleep(0.1)
    assert (await api.patch(upload, 3, b"e" * 97, **checksum(b"e" * 97))).status in {204, 409}

    async def taken() -> bool:
        return (await api.patch(upload, 3, b"e" * 97, **checksum(b"e" * 97))).status == 204

    await until(taken)


async def test_a_checked_body_that_stalls_is_taken_over_at_the_offset_before_it(api: Api) -> None:
    upload, evidence = await api.create(100)
    assert (await api.patch(upload, 0, b"abc")).status == 204
    async with connected(api.url) as wire:
        await wire.send(begun(api, upload, 3, b"d" * 50, 97, **checksum(b"d" * 97)))
        await asyncio.sleep(STALLED_SECONDS + 0.2)
        assert await api.offset(upload) == 3
        assert (await api.patch(upload, 3, b"e" * 97)).status == 204
        status, _, _ = await wire.answer()
        assert status == 409
    assert (await api.evidence(evidence))["state"] == "received"


async def test_the_method_override_is_checked_too(api: Api) -> None:
    upload, _ = await api.create(5)
    headers = {**BYTES, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH", **checksum(b"x")}
    async with api.session.post(upload, headers=headers, data=b"hello") as answer:
        assert answer.status == 460
    assert await api.offset(upload) == 0


async def test_of_two_checked_bodies_at_one_offset_one_is_kept_whole(api: Api) -> None:
    for _ in range(10):
        upload, _evidence = await api.create(8)
        answers = await asyncio.gather(
            api.patch(upload, 0, b"aaaa", **checksum(b"aaaa")),
            api.patch(upload, 0, b"bbbb", **checksum(b"bbbb")),
        )
        assert sorted(answer.status for answer in answers) == [204, 409]
        assert await api.offset(upload) == 4


@pytest.fixture
def gateway() -> Iterator[Intake]:
    """A gateway process that can be killed and started again; without workers, hence without clamd."""
    with lone_gateway() as intake:
        intake.start_gateway()
        yield intake


def segment_bytes(gateway: Intake) -> int:
    return sum(path.stat().st_size for path in Path(gateway.folder, "store", "uploads").rglob("*.segment"))


def original_of(gateway: Intake) -> bytes:
    (original,) = Path(gateway.folder, "store", "blobs").rglob("original")
    return original.read_bytes()


async def test_kill_9_in_the_middle_of_a_checked_body_leaves_what_was_before_it(gateway: Intake) -> None:
    size = 4 << 20
    data = bytes(range(256)) * (size // 256)
    async with Api(gateway.url, gateway.key) as api:
        upload, evidence = await api.create(size)
        assert (await api.patch(upload, 0, data[:1000], **checksum(data[:1000]))).status == 204
        for cut in (1, 100_000, size - 1001):
            body = data[1000:]
            async with connected(api.url) as wire:
                await wire.send(begun(api, upload, 1000, body[:cut], len(body), **checksum(body)))

                async def written(cut: int = cut) -> bool:
                    return segment_bytes(gateway) == 1000 + cut

                await until(written)
                gateway.kill_gateway()
            gateway.start_gateway()
            assert await api.offset(upload) == 1000
        assert (await api.patch(upload, 1000, body, **checksum(body))).status == 204
        assert (await api.evidence(evidence))["state"] == "received"
    assert original_of(gateway) == data


async def test_a_stop_in_the_middle_of_a_checked_body_tells_the_offset_before_it(gateway: Intake) -> None:
    async with Api(gateway.url, gateway.key) as api:
        upload, _ = await api.create(1000)
        assert (await api.patch(upload, 0, b"abc")).status == 204
        async with connected(api.url) as wire:
            await wire.send(begun(api, upload, 3, b"d" * 50, 97, **checksum(b"d" * 97)))

            async def written() -> bool:
                return segment_bytes(gateway) == 53

            await until(written)
            assert gateway.gateway
            gateway.gateway.send_signal(signal.SIGTERM)
            status, headers, _ = await wire.answer()
            assert (status, headers["upload-offset"]) == (503, "3")
        assert await asyncio.to_thread(gateway.gateway.wait, 20) == 0
        gateway.start_gateway()
        assert await api.offset(upload) == 3
        async with api.session.delete(upload, headers=TUS) as answer:
            assert answer.status == 204
