"""Several machines, as processes in networks of their own, where the kernel lets us have such networks."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.services.intake import ROOT

#: Root of a world of its own: users, network, host name, mounts and processes; who needs no rights outside.
WORLD = ("unshare", "--user", "--map-root-user", "--net", "--mount", "--uts", "--pid", "--fork",
         "--kill-child", "--mount-proc")  # fmt: skip
SCENARIOS = ("tests/machines/scenarios.py", "tests/machines/outages.py")

LONG = [pytest.mark.soak, pytest.mark.timeout(7200)]
#: `folder`: one that all machines see, in place of an object store.
STORES = ["s3", pytest.param("folder", marks=LONG)]


def lacking() -> str:
    """Say why there can be no such networks here; nothing when there can."""
    probe = [*WORLD, "sh", "-c", "ip link add wire type bridge && unshare --user --map-user=1000 true"]
    try:
        done = subprocess.run(probe, capture_output=True, text=True, timeout=20, check=False)
    except OSError as error:
        return str(error)
    return "" if done.returncode == 0 else done.stderr.strip() or f"status {done.returncode}"


@pytest.mark.timeout(400)
@pytest.mark.parametrize("form", ["not soak", pytest.param("soak", marks=LONG)])
@pytest.mark.parametrize("store", STORES)
def test_several_machines_behave_as_one(store: str, form: str, tmp_path: Path) -> None:
    if problem := lacking():
        pytest.skip(
            f"NOT TESTED: several machines, because no networks of our own can be had here: {problem}"
        )
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-m", form, "-p", "no:cacheprovider", *SCENARIOS]
    said = tmp_path / "said.txt"
    with said.open("wb") as out:
        environment = {**os.environ, "STORE": store}
        process = subprocess.Popen([*WORLD, *command], cwd=ROOT, env=environment, stdout=out, stderr=out)
        try:
            with suppress(subprocess.TimeoutExpired):
                process.wait(7000 if form == "soak" else 380)
            status = process.poll()
        finally:
            process.kill()
            process.wait()
    assert status == 0, said.read_text()[-30_000:]
