"""One file made of a script in `pages/` and of the packages it uses."""

import os
import subprocess
from pathlib import Path

import pytest

_SCRIPTS = Path(__file__).parent / "pages"
#: Where `make tools` puts the packages of package-lock.json.
PACKAGES = Path(__file__).parents[2] / ".node" / "node_modules"


def bundle(name: str, *options: str) -> str:
    """Return the script with all it imports, by default for a browser."""
    program = PACKAGES / ".bin" / "esbuild"
    if not program.exists():
        pytest.fail("the JavaScript packages are missing: `make tools` installs them")
    argv = [program, _SCRIPTS / f"{name}.js", "--bundle", "--log-level=warning", *options]
    environment = {**os.environ, "NODE_PATH": str(PACKAGES)}
    return subprocess.run(
        argv, env=environment, capture_output=True, text=True, timeout=60, check=True
    ).stdout
