"""tus-js-client and Uppy in a real browser, on a page of another origin, over a network that breaks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.clients.browser import browser
from tests.clients.conftest import Films, Stored
from tests.clients.cutting import bad_network
from tests.clients.modes import IETF_CUT_MODES, MODES, Mode, task
from tests.clients.site import site
from tests.services.intake import Intake

ALL = {**MODES, **IETF_CUT_MODES}


async def show(
    page: str, intake: Intake, films: Films, portal_port: int, names: Sequence[str], mode: Mode
) -> Sequence[Mapping[str, Any]]:
    """Have the page send the files; return what it says of them."""
    async with bad_network(intake.port, mode.cut_after_bytes) as network:
        told = task(network.port, intake.key, names, mode)
        async with site(page, films.folder, portal_port, told) as portal:
            with browser(f"http://127.0.0.1:{portal_port}/"):
                outcome = await portal.outcome()
        assert "error" not in outcome, f"{outcome['error']}\n{intake.logs()}"
        assert network.cuts_left == 0
        return outcome["uploads"]


@pytest.mark.parametrize("mode", ALL.values(), ids=ALL.keys())
async def test_tus_js_client_in_a_browser_sends_50_mb_byte_for_byte(
    mode: Mode, intake: Intake, films: Films, portal_port: int, stored: Stored
) -> None:
    metadata = {"filename": "dance.mp4", "filetype": "video/mp4"}
    named = replace(mode, options={**mode.options, "metadata": metadata})
    (upload,) = await show("browser", intake, films, portal_port, ["dance.mp4"], named)
    assert await stored.sha256([upload]) == [films.sha256["dance.mp4"]]
    assert upload["evidence"], "the page must be allowed to see Evidence-Location"


async def test_uppy_in_a_browser_sends_two_files_at_once_over_a_cut(
    intake: Intake, films: Films, portal_port: int, stored: Stored
) -> None:
    uploads = await show(
        "uppy", intake, films, portal_port, list(films.sha256), Mode(cut_after_bytes=(30_000_000,))
    )
    assert sorted(await stored.sha256(uploads)) == sorted(films.sha256.values())
