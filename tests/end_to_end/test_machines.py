"""Several machines, as processes in networks of their own, where the kernel lets us have such networks."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.services.suite import run_tests

#: Root of a world of its own: users, network, host name, mounts and processes; who needs no rights outside.
WORLD = ("unshare", "--user", "--map-root-user", "--net", "--mount", "--uts", "--pid", "--fork",
         "--kill-child", "--mount-proc")  # fmt: skip
SCENARIOS = ("tests/machines/scenarios.py", "tests/machines/outages.py")
#: Tests of the whole product that do not depend on its being on one machine.
SUITE = ("contract", "corpus", "crashes", "downloads", "held", "live", "pipeline", "received_hash", "rescans",
         "segments")  # fmt: skip

# Of several limits of time the first that is found holds; those of functions would come first.
SHORT = pytest.mark.timeout(400)
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


@pytest.mark.parametrize("form", [pytest.param("not soak", marks=SHORT), pytest.param("soak", marks=LONG)])
@pytest.mark.parametrize("store", STORES)
def test_several_machines_behave_as_one(store: str, form: str, tmp_path: Path) -> None:
    need_world()
    run_tests(tmp_path, "-m", form, *SCENARIOS, within=("env", f"STORE={store}", *WORLD))


@pytest.mark.parametrize(
    "names", [pytest.param(["pipeline"], marks=SHORT), pytest.param(SUITE, marks=LONG)], ids=["part", "whole"]
)
def test_the_end_to_end_suite_passes_on_several_machines(names: Sequence[str], tmp_path: Path) -> None:
    need_world()
    files = [f"tests/end_to_end/test_{name}.py" for name in names]
    run_tests(tmp_path, "--machines", "-m", "not soak", *files, within=WORLD)


def need_world() -> None:
    if problem := lacking():
        pytest.skip(
            f"NOT TESTED: several machines, because no networks of our own can be had here: {problem}"
        )
