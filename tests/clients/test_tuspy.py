"""tuspy, the Python client, with a checksum of every chunk, over a network that breaks."""

import asyncio
from pathlib import Path

from tusclient.client import TusClient

from tests.clients.conftest import Films, Stored
from tests.clients.cutting import bad_network
from tests.services.api import Api
from tests.services.intake import Intake


def send(port: int, key: str, film: Path) -> str:
    client = TusClient(f"http://127.0.0.1:{port}/v1/uploads", headers={"Authorization": f"Bearer {key}"})
    with film.open("rb") as stream:
        uploader = client.uploader(
            file_stream=stream,
            chunk_size=5_000_000,
            metadata={"filename": film.name},
            upload_checksum=True,
            retries=3,
            retry_delay=0.2,
        )
        uploader.upload()
        return str(uploader.url)


async def test_tuspy_sends_50_mb_with_checksums_byte_for_byte(
    intake: Intake, api: Api, films: Films, stored: Stored
) -> None:
    async with api.session.options("/v1/uploads") as answer:
        assert "sha1" in answer.headers["Tus-Checksum-Algorithm"].split(",")
    async with bad_network(intake.port, (7_000_000, 21_000_000)) as network:
        url = await asyncio.to_thread(send, network.port, intake.key, films.folder / "dance.mp4")
        assert network.cuts_left == 0
    assert await stored.sha256([{"url": url}]) == [films.sha256["dance.mp4"]]
