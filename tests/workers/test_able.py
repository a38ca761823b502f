"""A worker whose encoder fails does all other work."""

import pytest

from config.settings import Settings
from transcode.errors import ToolFailed
from workers import worker
from workers.worker import able


@pytest.fixture
def _broken(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_: object) -> None:
        raise ToolFailed("there is no such encoder", "")

    monkeypatch.setattr(worker, "try_encoder", fail)


async def test_an_encoder_that_works_changes_nothing(queue_settings: Settings) -> None:
    assert list(await able(queue_settings, ["scan", "video"])) == ["scan", "video"]


@pytest.mark.usefixtures("_broken")
async def test_without_an_encoder_all_else_is_done(queue_settings: Settings) -> None:
    assert list(await able(queue_settings, ["scan", "video", "image"])) == [
        "scan",
        "image",
    ]
    assert list(await able(queue_settings, ["scan"])) == ["scan"]


@pytest.mark.usefixtures("_broken")
async def test_without_an_encoder_and_nothing_else_to_do_it_does_not_start(queue_settings: Settings) -> None:
    with pytest.raises(ToolFailed):
        await able(queue_settings, ["video"])
