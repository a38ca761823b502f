"""Functions that tests run inside a sandboxed child."""

import os
import signal
import socket
import time
from pathlib import Path
from typing import Any


def echo(input_path: Path, folder: Path, **arguments: Any) -> dict[str, Any]:
    (folder / "copy").write_bytes(input_path.read_bytes())
    return arguments


def environment(input_path: Path, folder: Path) -> dict[str, str]:
    return dict(os.environ)


def listing(input_path: Path, folder: Path, path: str) -> list[str]:
    return sorted(entry.name for entry in Path(path).iterdir())


def overwrite_input(input_path: Path, folder: Path) -> None:
    input_path.chmod(0o666)
    input_path.write_bytes(b"changed")


def connect(input_path: Path, folder: Path, port: int) -> None:
    with socket.socket() as client:
        client.settimeout(2)
        client.connect(("127.0.0.1", port))


def processes(input_path: Path, folder: Path) -> int:
    return sum(name.name.isdigit() for name in Path("/proc").iterdir())


def hoard(input_path: Path, folder: Path) -> int:
    return len(b"x" * (64 << 30))


def die(input_path: Path, folder: Path, number: int) -> None:
    os.kill(os.getpid(), number)
    time.sleep(10)


def leave(input_path: Path, folder: Path) -> None:
    os._exit(0)


def sleep(input_path: Path, folder: Path) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)


def link_away(input_path: Path, folder: Path) -> None:
    (folder / "thumbnail.jpg").symlink_to("/etc/passwd")


def shout(input_path: Path, folder: Path) -> str:
    print("noise on standard output\n" * 100_000)
    return "x" * (2 << 20)


def fail(input_path: Path, folder: Path) -> None:
    raise ValueError("this is why")
