"""Fixtures of the scanner's tests."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config.reasons import load_reasons
from scanning.inspection import inspect

Examine = Callable[[bytes, str | None], dict[str, Any]]


@pytest.fixture
def examine(tmp_path: Path) -> Examine:
    """Inspect bytes under an extension; whatever comes of it can be sent, stored and told to a teacher."""

    def examine(content: bytes, extension: str | None) -> dict[str, Any]:
        path = tmp_path / "original"
        path.write_bytes(content)
        shutil.rmtree(tmp_path / "members", ignore_errors=True)
        found = inspect(path, tmp_path / "members", extension)
        json.dumps(found)
        if not found["accepted"]:
            reason, remedy = load_reasons()[found["code"]].told(found["detail"])
            assert "…" not in reason + remedy
        return found

    return examine
