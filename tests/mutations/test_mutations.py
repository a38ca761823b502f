"""With the logic of verdicts broken on purpose, tests fail: each mistake on a copy of the project."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutations.mutation import MUTATIONS, Mutation

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("config", "gateway", "scanning", "storage", "tests", "transcode", "workers", "pyproject.toml")
#: What pytest's exit status says: some tests failed. Others would be a mistake in the table.
PASSED, FAILED = 0, 1
#: One that needs no server stands for the rest where time is short.
QUICK = MUTATIONS[0]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path)
    return tmp_path


def run(folder: Path, tests: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    options = ("-x", "-q", "-p", "no:cacheprovider")
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, *tests],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_there_are_at_least_ten_mistakes_and_each_still_fits_the_code() -> None:
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS) >= 10
    for mutation in MUTATIONS:
        assert (ROOT / mutation.file).read_text().count(mutation.right) == 1, mutation.name


def check(copy: Path, mutation: Mutation) -> None:
    file = copy / mutation.file
    file.write_text(file.read_text().replace(mutation.right, mutation.wrong))
    done = run(copy, mutation.tests)
    assert done.returncode == FAILED, done.stdout[-2000:] + done.stderr[-2000:]


def test_a_mistake_fails_the_tests(copy: Path) -> None:
    check(copy, QUICK)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_every_mistake_fails_the_tests(copy: Path, mutation: Mutation) -> None:
    check(copy, mutation)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_without_a_mistake_the_same_tests_pass(copy: Path) -> None:
    for tests in {mutation.tests for mutation in MUTATIONS}:
        done = run(copy, tests)
        assert done.returncode == PASSED, done.stdout[-2000:]
