"""Other servers of tus 1.0.0, each in one process with its files on tmpfs, at pinned versions."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.receivers import TMPFS, Receiver, announced, empty
from tests.services.object_store import BUCKET, REGION
from tests.services.seaweed import SeaweedServer

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[1]
#: Where `config/setup.sh tests` puts the JavaScript packages.
_NODE = _ROOT / ".node"
#: Of tuspyserver alone: its dependencies are none of ours.
_ENVIRONMENT = _ROOT / ".bench" / "tuspyserver"
_REQUIREMENTS = _HERE / "requirements.txt"


@contextmanager
def open_tus_node() -> Iterator[Receiver]:
    """Start @tus/server with its file store; its script comes by standard input, to run among packages."""
    with tempfile.TemporaryDirectory(prefix="ei-", dir=TMPFS) as name:
        argv = ["node", "--input-type=module", "-", name]
        with announced(argv, script=_HERE / "tus_node.js", folder=_NODE) as (pid, port):
            yield Receiver(pid, port, "", lambda: empty(Path(name)))


@contextmanager
def open_tus_s3(server: SeaweedServer) -> Iterator[Receiver]:
    """Start @tus/server with its S3 store; the credentials are in the environment."""
    argv = ["node", "--input-type=module", "-", server.endpoint, REGION, BUCKET]
    with announced(argv, script=_HERE / "tus_s3_node.js", folder=_NODE) as (pid, port):
        yield Receiver(pid, port, "", lambda: None)


@contextmanager
def open_tus_python() -> Iterator[Receiver]:
    """Start tuspyserver on uvicorn with uvloop and httptools."""
    python = _make_environment()
    with (
        tempfile.TemporaryDirectory(prefix="ei-", dir=TMPFS) as name,
        announced([python, _HERE / "tus_python.py", name]) as (pid, port),
    ):
        yield Receiver(pid, port, "", lambda: empty(Path(name)))


def describe() -> str:
    """Return the names and versions."""
    packages = json.loads((_ROOT / "tests" / "clients" / "package.json").read_text())["dependencies"]
    node = [f"{name} {packages[name]}" for name in ("@tus/server", "@tus/file-store")]
    pinned = dict(line.split("==") for line in _REQUIREMENTS.read_text().split())
    python = [f"{name} {pinned[name]}" for name in ("tuspyserver", "uvicorn")]
    return f"{' with '.join(node)}, and {' on '.join(python)}"


def _make_environment() -> Path:
    """Install tuspyserver unless it is there as pinned; return its Python."""
    stamp = _ENVIRONMENT / "requirements.txt"
    python = _ENVIRONMENT / "bin" / "python"
    if not stamp.exists() or stamp.read_bytes() != _REQUIREMENTS.read_bytes():
        subprocess.run([sys.executable, "-m", "venv", "--clear", _ENVIRONMENT], check=True)
        install = [
            python,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-r",
            _REQUIREMENTS,
        ]
        subprocess.run(install, check=True)
        stamp.write_bytes(_REQUIREMENTS.read_bytes())
    return python
