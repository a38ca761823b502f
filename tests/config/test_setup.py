"""`make setup` when nothing is missing."""

import resource
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("words", [[], ["tests"]], ids=["to run", "to test"])
def test_setup_with_nothing_missing_is_quick_and_says_nothing(words: list[str]) -> None:
    argv = [ROOT / "config" / "setup.sh", *words]
    subprocess.run(argv, check=True, capture_output=True, timeout=110)
    began = resource.getrusage(resource.RUSAGE_CHILDREN)
    again = subprocess.run(argv, check=True, capture_output=True, timeout=10)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - began.ru_utime - began.ru_stime < 0.3
    assert again.stdout + again.stderr == b""


def test_help_names_every_target() -> None:
    told = subprocess.run(
        ["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True, timeout=10
    ).stdout
    for target in ("setup", "tools", "demo", "run", "test", "check", "soak", "bench"):
        assert f"make {target} " in told
