"""A full disk delays; it never rejects, passes or loses anything."""

import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.samples.film import make_phone_film
from tests.samples.photo import make_photo
from tests.services.api import TUS, Api
from tests.services.clamd import ClamdServer
from tests.services.disk import SmallDisk, small_disk
from tests.services.intake import Intake
from tests.services.process import short_folder


def resize(folder: Path, size_bytes: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size_bytes}", str(folder)], check=True)


@pytest.fixture
async def cramped(clamd_server: ClamdServer) -> AsyncIterator[tuple[Intake, Path]]:
    """A deployment whose scratch folder has 1 MiB."""
    with short_folder() as folder, small_disk(1 << 20) as disk:
        need_mount(disk)
        (folder / "scratch").symlink_to(disk.folder)
        intake = Intake(folder, clamd_server)
        try:
            intake.start()
            yield intake, disk.folder
        finally:
            intake.stop()


def need_mount(disk: SmallDisk) -> None:
    if not disk.mounted:
        pytest.skip("only root may mount the small disk that this test fills")


async def test_full_scratch_delays_film_and_photo_until_there_is_room(
    cramped: tuple[Intake, Path], tmp_path: Path
) -> None:
    intake, scratch = cramped
    film = make_phone_film(tmp_path / "dance.mp4", width=1280, height=720, seconds=2).read_bytes()
    photo = make_photo(tmp_path / "photo.jpg", width=3000, height=2000).read_bytes()
    async with Api(intake.url, intake.key) as api:
        sent = [await api.send(film, "dance.mp4"), await api.send(photo, "photo.jpg")]
        for path in sent:
            # A scanner that another test had stopped may be what it waits for first.
            found = await api.wait_for(path, lambda found: found["code"] == "storage_full", 60)
            assert found["delayed"], found
        resize(scratch, 200 << 20)
        for path in sent:
            found = await api.wait(path)
            assert (found["state"], found["delayed"]) == ("ready", False), found


async def test_a_full_store_refuses_new_uploads_with_507_and_keeps_what_it_acknowledged(
    clamd_server: ClamdServer,
) -> None:
    with small_disk(40 << 20) as disk:
        need_mount(disk)
        folder = disk.folder
        intake = Intake(folder, clamd_server, free_disk_reserve_bytes=0)
        try:
            intake.start()
            async with Api(intake.url, intake.key) as api:
                large = {**TUS, "Upload-Length": str(100 << 20)}
                async with api.session.post("/v1/uploads", headers=large) as answer:
                    assert (answer.status, (await answer.json())["code"]) == (507, "storage_full")
                upload, evidence = await api.create(24 << 20, "essay.txt")
                (folder / "filling").write_bytes(bytes(20 << 20))
                data = b"words " * (4 << 20)
                refused = await api.patch(upload, 0, data)
                assert refused.status == 507
                kept = await api.offset(upload)
                assert refused.headers["Upload-Offset"] == str(kept)
                (folder / "filling").unlink()
                assert (await api.patch(upload, kept, data[kept:])).status == 204
                assert (await api.wait(evidence))["state"] == "ready"
                assert (await api.download(f"{evidence}/original"))[1] == data
        finally:
            intake.stop()
