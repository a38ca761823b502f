"""tus-js-client in Node.js, over a network that breaks."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.clients.bundling import bundle
from tests.clients.conftest import Films, Stored
from tests.clients.cutting import bad_network
from tests.clients.modes import IETF_MODES, MODES, Mode, task
from tests.services.intake import Intake

ALL = {**MODES, **IETF_MODES}


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("scripts") / "node.cjs"
    file.write_text(bundle("node", "--platform=node"))
    return file


async def run(script: Path, told: object) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        "node", script, json.dumps(told), stdout=asyncio.subprocess.PIPE
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), 100)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    return json.loads(said)


@pytest.mark.parametrize("mode", ALL.values(), ids=ALL.keys())
async def test_tus_js_client_in_node_sends_50_mb_byte_for_byte(
    mode: Mode, script: Path, intake: Intake, films: Films, stored: Stored
) -> None:
    named = replace(mode, options={**mode.options, "metadata": {"filename": "dance.mp4"}})
    async with bad_network(intake.port, mode.cut_after_bytes) as network:
        file = str(films.folder / "dance.mp4")
        told = task(network.port, intake.key, [file], named)
        outcome = await run(script, told)
        assert "error" not in outcome, f"{outcome['error']}\n{intake.logs()}"
        assert network.cuts_left == 0
    assert await stored.sha256(outcome["uploads"]) == [films.sha256["dance.mp4"]]
