"""Fixtures for tests of the stack."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.config.running import MakeRun


@pytest.fixture
def make_run(tmp_path: Path) -> Iterator[Callable[..., MakeRun]]:
    """Start `make run` with variables of your choice; whatever is left is stopped after the test."""
    started: list[MakeRun] = []

    def start(data: Path | None = None, **variables: object) -> MakeRun:
        started.append(MakeRun(data or tmp_path / "data", **variables))
        return started[-1]

    yield start
    for stack in started:
        stack.close()
