"""Pictures, films and recordings of which a part is lost or overwritten: never ready without a word."""

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from config.formats import extension_of, load_formats
from storage.evidence import Evidence
from storage.states import EvidenceState, StageName
from tests.samples.film import make_phone_film
from tests.samples.photo import make_photo
from tests.workers.tasks.conftest import Workplace
from tests.workers.tasks.staging import finish
from transcode.children import open_children
from workers.tasks.edge import run_stage
from workers.tasks.thumbnail import thumbnail
from workers.tasks.transcode import transcode

CORPUS = os.environ.get("CORPUS")
#: Extensions of which not even the last unit shows that something is missing.
SILENT = frozenset({"txt", "html"})


@pytest.fixture
async def whole_pipeline(laboratory: Workplace, tmp_path: Path) -> AsyncIterator[Workplace]:
    """A laboratory whose children inspect and draw."""
    modules = ("scanning.inspection", "transcode.image")
    async with open_children(modules, 2, tmp_path / "children") as children:
        laboratory.context = replace(laboratory.context, children=children)
        yield laboratory


async def process(place: Workplace, data: bytes, extension: str) -> Evidence:
    """Run every stage as the workers would; those that the evidence does not wait for do nothing."""
    evidence = await place.receive(data, extension)
    await finish(place, evidence)
    for stage, work in ((StageName.TRANSCODE, transcode), (StageName.THUMBNAIL, thumbnail)):
        await run_stage(place.context, evidence.id, stage, 1, work)
    return await place.look(evidence)


def is_silent(evidence: Evidence) -> bool:
    return evidence.state is EvidenceState.READY and not evidence.flags


def cut(data: bytes) -> bytes:
    return data[: len(data) * 6 // 10]


#: What decoders notice, go on after, and complain of.
NOISE = {"jpg": bytes(20_000), "mp4": bytes(range(1, 201)) * 10}


def overwritten(data: bytes, noise: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + noise + data[middle + len(noise) :]


@pytest.fixture
def genuine(tmp_path: Path) -> dict[str, bytes]:
    photo = make_photo(tmp_path / "photo.jpg", width=800, height=600)
    film = make_phone_film(tmp_path / "dance.mp4", seconds=2, width=320, height=240)
    return {"jpg": photo.read_bytes(), "mp4": film.read_bytes()}


@pytest.mark.parametrize("extension", ["jpg", "mp4"])
async def test_a_file_that_is_cut_is_rejected(
    whole_pipeline: Workplace, genuine: dict[str, bytes], extension: str
) -> None:
    found = await process(whole_pipeline, cut(genuine[extension]), extension)
    assert (found.state, found.code) == ("rejected", "damaged")


@pytest.mark.parametrize("extension", ["jpg", "mp4"])
async def test_a_file_of_which_a_little_is_overwritten_is_ready_with_a_flag(
    whole_pipeline: Workplace, genuine: dict[str, bytes], extension: str
) -> None:
    found = await process(whole_pipeline, overwritten(genuine[extension], NOISE[extension]), extension)
    assert (found.state, found.flags) == ("ready", ("decoder_noise",))
    assert found.facts["decoder_noise"] > 0


@pytest.mark.parametrize("extension", ["jpg", "mp4"])
async def test_a_file_that_nobody_spoilt_is_ready_without_flags(
    whole_pipeline: Workplace, genuine: dict[str, bytes], extension: str
) -> None:
    assert is_silent(await process(whole_pipeline, genuine[extension], extension))


def real_files() -> list[Path]:
    folder = Path(CORPUS) if CORPUS else None
    files = sorted(folder.iterdir()) if folder else []
    return [file for file in files if extension_of(file.name) in load_formats().extensions.keys() - SILENT]


@pytest.mark.soak
@pytest.mark.skipif(not CORPUS, reason="CORPUS names no folder of real files")
async def test_real_files_that_are_cut_are_flagged_held_or_rejected(whole_pipeline: Workplace) -> None:
    for file in real_files():
        found = await process(whole_pipeline, cut(file.read_bytes()), file.suffix[1:])
        assert not is_silent(found), file.name
