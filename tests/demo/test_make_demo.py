"""`make demo` as people run it."""

import os
import signal
from collections.abc import Callable

import pytest

from tests.services.make import MakeRun
from tests.services.process import wait_until

#: Far more than it takes, also on a busy machine.
DEMO_SECONDS = 300


@pytest.mark.timeout(360)
def test_demo_ends_well_leaves_its_data_and_no_process(make_run: Callable[..., MakeRun]) -> None:
    demo = make_run(target="demo")
    demo.gone(DEMO_SECONDS)
    told = "\n".join(demo.lines)
    assert demo.process.returncode == 0, "\n".join([told, *demo.news])
    assert "test signature set" in told
    assert "Every file ended as it should." in told
    assert (demo.data / "renditions" / "dance.mp4" / "video.mp4").stat().st_size > 0


def test_demo_interrupted_half_way_stops_everything(make_run: Callable[..., MakeRun]) -> None:
    demo = make_run(target="demo")
    demo.until_ready()
    wait_until(lambda: any("test signature set" in line for line in demo.lines), 20)
    os.killpg(demo.process.pid, signal.SIGINT)
    demo.gone()
    assert demo.process.returncode != 0


def test_demo_does_not_empty_a_folder_of_other_things(make_run: Callable[..., MakeRun], tmp_path) -> None:
    (tmp_path / "precious").write_text("mine")
    demo = make_run(tmp_path, target="demo")
    demo.gone()
    assert demo.process.returncode != 0
    assert (tmp_path / "precious").read_text() == "mine"
