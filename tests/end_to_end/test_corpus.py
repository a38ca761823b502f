"""Real files from many hands, through the whole product: `CORPUS` names their folder."""

import os
from collections import Counter
from pathlib import Path

import pytest

from config.formats import extension_of, load_formats
from tests.services.api import Api

CORPUS = os.environ.get("CORPUS")


def accepted_files(folder: Path) -> list[Path]:
    accepted = load_formats().extensions
    return [file for file in sorted(folder.iterdir()) if extension_of(file.name) in accepted]


@pytest.mark.skipif(not CORPUS, reason="CORPUS names no folder of real files")
@pytest.mark.timeout(600)
async def test_real_files_end_ready_or_with_a_reason_and_none_is_too_much_for_our_tools(api: Api) -> None:
    files = accepted_files(Path(CORPUS or ""))
    sent = {file: await api.send(file.read_bytes(), file.name) for file in files}
    ends = {file: await api.wait(path, seconds=300) for file, path in sent.items()}
    for file, found in ends.items():
        assert found["state"] in {"ready", "held", "rejected"}, (file.name, found)
        if found["state"] != "ready":
            assert found["reason"], file.name
            assert found["remedy"], file.name
    counted = Counter(found["state"] for found in ends.values())
    assert counted["ready"] >= 0.95 * len(files), [
        (file.name, found["code"]) for file, found in ends.items() if found["state"] != "ready"
    ]
