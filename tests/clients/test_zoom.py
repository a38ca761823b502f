"""A large picture's tiles in a real browser, on a page of another origin that signs in by its bearer."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from config.profiles import load_profiles
from config.settings import Settings
from gateway.app import open_services
from storage.evidence import RenditionKind, rendition_key
from storage.states import EvidenceState
from tests.clients.browser import browser
from tests.clients.site import site
from tests.services.api import Api
from tests.services.intake import Intake, id_of
from tests.storage.records.values import rendition, to
from tests.transcode.pictures import BLUE, GREEN, RED, WHITE, corners, near
from transcode import zoom

SIZE = (1200, 5000)


@pytest.fixture
async def pyramid(intake: Intake, api: Api, tmp_path: Path) -> str:
    """Evidence that is a scan on its side, ready with its pyramid; the path of that."""
    said = Image.Exif()
    said[0x0112] = 6
    corners(*SIZE).transpose(Image.Transpose.ROTATE_90).save(tmp_path / "scan.jpg", exif=said)
    pictures = load_profiles().pictures
    arguments = {"edge": max(SIZE), "tile_edge": pictures.zoom_tile_edge, "max_pixels": pictures.max_pixels}
    reply = await asyncio.to_thread(
        zoom.render, tmp_path / "scan.jpg", tmp_path, **arguments, jpeg_quality=pictures.jpeg_quality
    )
    path = await api.send(b"What I did this summer.\n", "essay.txt")
    made = replace(rendition(RenditionKind.DEEP_ZOOM), id="zoom-1")
    settings = Settings(data=intake.folder, redis_url=intake.redis.url)
    async with open_services(settings) as services:
        await services.blobs.publish(rendition_key(id_of(path), made.id), tmp_path / reply["file"])
        for state in (EvidenceState.SCANNED, EvidenceState.VERIFIED, EvidenceState.READY):
            await services.evidence.change(id_of(path), to(state, renditions=(made,)))
    return f"{intake.url}{path}/renditions/deep_zoom"


async def test_a_page_shows_a_scan_upright_from_its_tiles(
    intake: Intake, pyramid: str, portal_port: int, tmp_path: Path
) -> None:
    task = {"pyramid": pyramid, "key": intake.key}
    async with site("zoom", tmp_path, portal_port, task) as portal:
        with browser(f"http://127.0.0.1:{portal_port}/"):
            outcome = await portal.outcome()
    assert "error" not in outcome, f"{outcome['error']}\n{intake.logs()}"
    (shown,) = outcome["uploads"]
    assert (shown["width"], shown["height"], shown["tiles"]) == (*SIZE, 3 * 10)
    wanted = (RED, GREEN, BLUE, WHITE)
    assert all(near(tuple(a), b) for a, b in zip(shown["corners"], wanted, strict=True)), shown


async def test_a_stock_viewer_shows_the_whole_scan_and_a_corner_at_full_size(
    intake: Intake, pyramid: str, portal_port: int, tmp_path: Path
) -> None:
    task = {"pyramid": pyramid, "key": intake.key, "width": SIZE[0], "height": SIZE[1]}
    async with site("viewer", tmp_path, portal_port, task) as portal:
        with browser(f"http://127.0.0.1:{portal_port}/"):
            outcome = await portal.outcome()
    assert "error" not in outcome, f"{outcome['error']}\n{intake.logs()}"
    (shown,) = outcome["uploads"]
    assert (shown["width"], shown["height"]) == SIZE
    assert all(near(tuple(a), b) for a, b in zip(shown["corners"], (RED, GREEN, BLUE, WHITE), strict=True)), (
        shown
    )
    assert near(tuple(shown["corner"]), WHITE)
    assert shown["level"] == 13  # 2 ** 13 >= 5000: the largest there is
