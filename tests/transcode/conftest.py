"""Fixtures of the media tools."""

from collections.abc import AsyncIterator
from pathlib import Path

import pillow_heif  # noqa: F401 - before libvips, whose libheif it would else be given, and crash
import pytest

from transcode.children import ChildPool, open_children
from transcode.sandbox import SandboxKind


@pytest.fixture(params=list(SandboxKind))
def kind(request) -> SandboxKind:
    return request.param


@pytest.fixture
async def pool(tmp_path: Path, kind: SandboxKind) -> AsyncIterator[ChildPool]:
    async with open_children(("tests.transcode.calls",), 1, tmp_path / "scratch", kind=kind) as opened:
        yield opened


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(b"the original")
    return path
