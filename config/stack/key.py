"""The key of the demonstration centre, which the operator finds in the data folder."""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from config.stack import StackError
from config.stack.part import ask_http

#: Makes a new key and returns it.
Make = Callable[[], Awaitable[str]]


async def working_key(path: Path, port: int, make: Make) -> str:
    """Return a key that the gateway on `port` takes: the one in `path` (0600), or a new one written there.

    Raises:
        StackError: not even a new key is taken.
    """
    kept = _read(path)
    if kept and await _is_taken(port, kept):
        return kept
    made = await make()
    if not await _is_taken(port, made):
        raise StackError(
            f"the gateway on port {port} does not take the key that was made for it; is it another's?"
        )
    _write(path, made)
    return made


async def _is_taken(port: int, key: str) -> bool:
    return await ask_http(port, "/v1/evidence?limit=1", key) == 200


def _read(path: Path) -> str:
    return path.read_text(encoding="ascii", errors="replace").strip() if path.exists() else ""


def _write(path: Path, key: str) -> None:
    """Write the key so that it is there whole or not at all, and nobody else can read it."""
    part = path.with_suffix(".new")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{key}\n")
    part.replace(path)
