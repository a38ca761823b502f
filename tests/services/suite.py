"""Tests that run tests: pytest in a process of its own, with other options or in a world of its own."""

import sys
from collections.abc import Sequence
from pathlib import Path

from tests.services.intake import ROOT
from tests.services.process import start


def run_tests(folder: Path, *words: str, within: Sequence[str] = ()) -> str:
    """Run pytest from the root, by the words of `within`; return its summary. Fails unless all passed."""
    said = folder / "said.txt"
    pytest = (sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *words)
    process = start(["env", "-C", str(ROOT), *within, *pytest], said)
    try:
        status = process.wait()
    finally:
        process.kill()
        process.wait()
        print(said.read_text()[-30_000:])
    assert status == 0, f"pytest ended with status {status}"
    return said.read_text().splitlines()[-1]
