"""Real evidence through real processes, from upload to its end."""

import asyncio
import hashlib
import random
from pathlib import Path

import pytest
from tusclient.client import TusClient

from tests.demo.film_proof import wrong_with_reading_copy
from tests.samples.film import make_phone_film, make_truncated
from tests.samples.office import make_document, make_infected_document
from tests.samples.program import make_program
from tests.services.api import Api
from tests.services.intake import Intake


async def test_a_text_becomes_ready_and_is_served_unaltered(api: Api) -> None:
    data = b"What I did this summer.\n" * 100
    path = await api.send(data, "essay.txt")
    evidence = await api.wait(path)
    assert evidence["state"] == "ready", evidence
    assert evidence["sha256"] == hashlib.sha256(data).hexdigest()
    assert (await api.download(evidence["original"]["url"]))[1] == data


async def test_a_phones_film_gets_an_upright_reading_copy_and_stays_as_it_was(
    api: Api, tmp_path: Path
) -> None:
    film = make_phone_film(tmp_path / "dance.mp4", width=1280, height=720, seconds=2)
    evidence = await api.wait(await api.send(film.read_bytes(), "dance.mp4"))
    assert evidence["state"] == "ready", evidence
    copy = tmp_path / "copy.mp4"
    copy.write_bytes((await api.download(f"/v1/evidence/{evidence['id']}/renditions/video"))[1])
    assert await wrong_with_reading_copy(film, copy) == []
    assert evidence["sha256"] == hashlib.sha256(film.read_bytes()).hexdigest()
    assert (await api.download(evidence["original"]["url"]))[1] == film.read_bytes()


@pytest.mark.parametrize(
    ("make", "name", "state", "code"),
    [
        (make_infected_document, "homework.docx", "infected", "infected"),
        (make_program, "homework.docx", "rejected", "content_mismatch"),
    ],
)
async def test_what_is_unsafe_is_never_ready_and_served_to_nobody(
    intake: Intake, api: Api, tmp_path: Path, make: object, name: str, state: str, code: str
) -> None:
    data = make(tmp_path / name).read_bytes()  # type: ignore[operator]
    path = await api.send(data, name)
    evidence = await api.wait(path)
    assert (evidence["state"], evidence["code"]) == (state, code)
    assert evidence["renditions"] == []
    reviewer = intake.make_key("--role", "assessment_specialist", "--role", "qa_officer", "--role", "ops")
    async with Api(intake.url, reviewer) as board:
        for who in (api, board):
            for url in (f"{path}/original", f"{path}/renditions/document", f"{path}/renditions/image"):
                status, body, _ = await who.download(url)
                assert status == 409
                assert data not in body


async def test_a_film_cut_off_is_not_passed_off_as_whole(api: Api, tmp_path: Path) -> None:
    film = make_phone_film(tmp_path / "dance.mp4", width=1280, height=720, seconds=2)
    cut = make_truncated(film, tmp_path / "cut.mp4")
    evidence = await api.wait(await api.send(cut.read_bytes(), "dance.mp4"))
    assert evidence["state"] in {"rejected", "held"}
    assert evidence["code"] in {"damaged", "held_damaged"}
    assert evidence["remedy"]


async def test_content_that_nobody_knows_is_rejected_with_a_remedy(api: Api) -> None:
    evidence = await api.wait(await api.send(bytes(range(256)) * 8, "drawing.pcx"))
    assert (evidence["state"], evidence["code"]) == ("rejected", "content_unknown")
    assert ".jpg" in evidence["remedy"]


async def test_tuspy_uploads_in_chunks_and_resumes(intake: Intake, api: Api, tmp_path: Path) -> None:
    file = make_document(
        tmp_path / "thesis.docx", {"word/media/image1.bin": random.Random(1).randbytes(1 << 20)}
    )
    headers = {"Authorization": f"Bearer {intake.key}"}

    def upload(stop_at: int | None, url: str | None) -> str:
        with file.open("rb") as stream:
            uploader = TusClient(f"{intake.url}/v1/uploads", headers=headers).uploader(
                file_stream=stream, chunk_size=64 << 10, metadata={"filename": file.name}, url=url, retries=2
            )
            uploader.upload(stop_at=stop_at)
            return str(uploader.url)

    half = file.stat().st_size // 2
    url = await asyncio.to_thread(upload, half, None)
    assert half <= await api.offset(url.removeprefix(intake.url)) < file.stat().st_size
    assert await asyncio.to_thread(upload, None, url) == url
    answer = await api.head(url.removeprefix(intake.url))
    evidence = await api.wait(answer.headers["Evidence-Location"])
    assert evidence["state"] == "ready", evidence
    assert evidence["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
