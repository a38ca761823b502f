"""Behind Debian's real nginx: as the documentation says, and when somebody forgot."""

import asyncio
import io
import random
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from gateway.uploads.holding import STALLED_SECONDS
from tests.gateway.events.reading import reading
from tests.gateway.ietf.speaking import ROOT as RESUMABLE
from tests.gateway.ietf.speaking import append, ask, create, spoken, stands
from tests.gateway.wire import begun_patch, connected, head_of, until_offset
from tests.services.api import BYTES, TUS, Api, metadata, until
from tests.services.intake import Intake, lone_gateway
from tests.services.nginx import FORGOTTEN, Nginx, configured, nginx_before

SIZE = 50 << 20


@pytest.fixture(scope="module")
def gateway() -> Iterator[Intake]:
    with lone_gateway(free_disk_reserve_bytes=0) as intake:
        intake.start_gateway()
        yield intake


@pytest.fixture(scope="module")
def nginx(gateway: Intake) -> Iterator[Nginx]:
    with nginx_before(gateway.port, configured()) as nginx:
        yield nginx


@pytest.fixture(scope="module")
def forgetful(gateway: Intake) -> Iterator[Nginx]:
    """An nginx that was told nothing but where the gateway is."""
    with nginx_before(gateway.port, FORGOTTEN) as nginx:
        yield nginx


@pytest.fixture
async def api(gateway: Intake, nginx: Nginx) -> AsyncIterator[Api]:
    async with Api(nginx.url, gateway.key) as api:
        yield api


@pytest.fixture
async def forgotten(gateway: Intake, forgetful: Nginx) -> AsyncIterator[Api]:
    async with Api(forgetful.url, gateway.key) as api:
        yield api


def originals(gateway: Intake, size: int) -> list[bytes]:
    blobs = (gateway.folder / "store" / "blobs").rglob("*")
    return [path.read_bytes() for path in blobs if path.is_file() and path.stat().st_size == size]


async def test_an_upload_cut_in_the_middle_keeps_what_arrived_and_is_finished(
    api: Api, gateway: Intake
) -> None:
    data = random.Random(1).randbytes(SIZE)
    upload, _ = await api.create(SIZE)
    async with begun_patch(api, upload, 0, data[: SIZE // 2], SIZE):
        await until_offset(api, upload, SIZE // 4)
    offset = 0

    async def goes_on() -> bool:
        """With a little, while what nginx still had may be arriving."""
        nonlocal offset
        offset = await api.offset(upload)
        return (await api.patch(upload, offset, data[offset : offset + 1000])).status == 204

    await until(goes_on)
    assert SIZE // 4 <= offset <= SIZE // 2
    assert (await api.patch(upload, offset + 1000, data[offset + 1000 :])).status == 204
    assert originals(gateway, SIZE) == [data]


async def test_addresses_are_those_that_the_client_used(gateway: Intake, nginx: Nginx) -> None:
    trusted = ssl.create_default_context(cafile=str(nginx.folder / "certificate.pem"))
    key = {"Authorization": f"Bearer {gateway.key}"}
    lies = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"}
    headers = {**TUS, **key, **lies, "Upload-Length": "9", "Host": "intake.example"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{nginx.secure_url}/v1/uploads", headers=headers, ssl=trusted) as answer,
    ):
        assert answer.status == 201
        assert answer.headers["Location"].startswith("https://intake.example/v1/uploads/")


async def test_an_upload_over_http_2_arrives_whole(gateway: Intake, nginx: Nginx, tmp_path: Path) -> None:
    size = 7_654_321
    data = random.Random(2).randbytes(size)
    (tmp_path / "film").write_bytes(data)
    headers = {**BYTES, "Authorization": f"Bearer {gateway.key}", "Upload-Length": str(size)}
    words = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    argv = ["curl", "--silent", "--http2", "--cacert", f"{nginx.folder}/certificate.pem", "--data-binary",
            f"@{tmp_path}/film", "--write-out", "%{http_version} %{http_code}", *words,
            f"{nginx.secure_url}/v1/uploads"]  # fmt: skip
    said = await asyncio.to_thread(
        subprocess.run, argv, capture_output=True, text=True, timeout=60, check=True
    )
    assert said.stdout == "2 201"
    assert originals(gateway, size) == [data]


async def test_refusals_reach_a_client_that_is_still_sending(gateway: Intake, nginx: Nginx) -> None:
    body = bytes(5 << 20)
    headers = {**BYTES, "Upload-Length": str(len(body)), "Upload-Metadata": metadata(filename="a.rar")}
    # A connection whose body was not read to its end is closed: each takes one of its own.
    async with (
        Api(nginx.url, gateway.key) as api,
        api.session.post("/v1/uploads", data=io.BytesIO(body), headers=headers) as answer,
    ):
        assert (answer.status, (await answer.json())["code"]) == (415, "extension_not_accepted")
    async with Api(nginx.url, gateway.key) as api:
        upload, _ = await api.create(1000)
        assert (await api.patch(upload, 0, body)).status == 413
    async with Api(nginx.url, gateway.key) as api:
        refused = await api.patch(upload, 7, b"a" * 900)
        assert (refused.status, refused.headers["Upload-Offset"]) == (409, "0")


async def test_head_during_a_stalled_patch_answers_at_once_with_an_offset_that_is_accepted(api: Api) -> None:
    took = []
    for _ in range(5):
        upload, _ = await api.create(2 << 20)
        async with begun_patch(api, upload, 0, b"a" * (1 << 20), 2 << 20):
            await until_offset(api, upload, 1 << 19)
            await asyncio.sleep(STALLED_SECONDS + 0.3)
            began = time.monotonic()
            offset = await api.offset(upload)
            took.append(time.monotonic() - began)
            assert (await api.patch(upload, offset, b"b" * ((2 << 20) - offset))).status == 204
    # One that the machine kept waiting says nothing of the gateway.
    assert min(took) < 0.25


async def test_live_events_are_not_kept_back(api: Api) -> None:
    upload, evidence = await api.create(1000)
    async with reading(api, f"{evidence}/events") as stream:
        assert (await stream.evidence(3)).data["state"] == "receiving"
        async with api.session.delete(upload, headers=TUS) as answer:
            assert answer.status == 204
        assert (await stream.evidence(3)).data["state"] == "withdrawn"


async def test_without_the_configuration_a_cut_body_never_arrives_but_nothing_is_lost_or_mixed(
    forgotten: Api, gateway: Intake
) -> None:
    size = 900_000
    data = random.Random(3).randbytes(size)
    upload, _ = await forgotten.create(size)
    async with begun_patch(forgotten, upload, 0, data[: size // 2], size):
        await asyncio.sleep(0.5)
        assert await forgotten.offset(upload) == 0
    await asyncio.sleep(0.3)
    assert await forgotten.offset(upload) == 0
    assert (await forgotten.patch(upload, 0, data)).status == 204
    assert originals(gateway, size) == [data]


async def test_without_the_configuration_nginx_itself_refuses_more_than_a_megabyte(
    forgotten: Api, gateway: Intake
) -> None:
    async with Api(gateway.url, gateway.key) as direct:
        upload, _ = await direct.create(3 << 20)
    headers = {**BYTES, "Upload-Offset": "0", "Content-Length": str(3 << 20)}
    async with connected(forgotten.url) as wire:
        await wire.send(head_of(forgotten, "PATCH", upload, headers))
        status, told, body = await wire.answer()
        assert (status, told["content-type"]) == (413, "text/html")
        assert b"nginx" in body
    for offset in range(0, 3 << 20, 1 << 19):
        assert (await forgotten.patch(upload, offset, bytes(1 << 19))).status == 204


@pytest.mark.parametrize("version", [6, 8, None])
async def test_ietf_uploads_arrive_without_104_which_nginx_would_take_for_the_answer(
    api: Api, gateway: Intake, version: int | None
) -> None:
    whole = await ask(api, "POST", RESUMABLE, spoken(version, complete=True), b"hello")
    assert [said.status for said in whole] == [201]
    path = await create(api, version)
    assert (await append(api, path, 0, b"hel", complete=False, version=version)).status == 204
    assert (await stands(api, path, version)).headers["upload-offset"] == "3"
    assert (await append(api, path, 3, b"lo", complete=True, version=version)).status == 201
    assert b"hello" in originals(gateway, 5)
