"""`python -m gateway keys …`, as an operator sees it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from storage.records.database import migrate

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    url = f"sqlite:///{tmp_path / 'intake.db'}"
    migrate(url)
    return {**os.environ, "PYTHONPATH": str(ROOT), "INTAKE_DATA": str(tmp_path), "INTAKE_DATABASE_URL": url}


def keys(environment: dict[str, str], *words: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "keys", *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_key_is_created_listed_and_revoked(environment: dict[str, str]) -> None:
    code, key, _ = keys(environment, "create", "--label", "portal", "--centre", "GB001")
    assert (code, key[:3]) == (0, "ei_")
    _, listed, _ = keys(environment, "list")
    key_id = listed.split("\t")[0]
    assert keys(environment, "revoke", key_id) == (0, "", "")
    assert "revoked" in keys(environment, "list")[1]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("revoke", "nope"), "no key has the id nope"),
        (("create", "--label", "x", "--role", "assesment_specialist"), "unknown role assesment_specialist"),
        (("create", "--label", "x"), "needs a role"),
    ],
)
def test_a_command_that_cannot_be_done_says_why_and_makes_nothing(
    environment: dict[str, str], words: tuple[str, ...], told: str
) -> None:
    code, out, error = keys(environment, *words)
    assert (code, out) == (1, "")
    assert told in error
    assert len(error.splitlines()) == 1
    assert keys(environment, "list")[1] == ""
