"""The table of parts: what runs behind, what runs in front, and the environment they share."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from config.stack.child import find_program
from config.stack.clamav import clamd, freshclam
from config.stack.layout import Layout
from config.stack.options import Options
from config.stack.part import Part, ask_http, ask_socket
from config.stack.port import HOST

QUEUES = ("scan", "verify", "video", "image")


def environment(options: Options, layout: Layout, signatures: Path, port: int) -> Mapping[str, str]:
    """Return our own environment with this stack's settings (`config/settings.py`) in it."""
    ours = {
        "INTAKE_DATA": str(layout.data),
        "INTAKE_STORAGE": options.storage,
        "INTAKE_REDIS_URL": f"unix://{layout.sockets / 'redis.sock'}",
        "INTAKE_CLAMD_SOCKETS": json.dumps([str(layout.sockets / "clamd.sock")]),
        "INTAKE_SIGNATURES": str(signatures),
        "INTAKE_HOST": HOST,
        "INTAKE_PORT": str(port),
        "INTAKE_ALLOW_DEMONSTRATION_SIGNATURES": json.dumps(options.allow_demonstration_signatures),
    }
    # A stack that begins with nothing keeps nothing in anybody's database.
    own = {"INTAKE_DATABASE_URL": ""} if options.fresh else {}
    return {**os.environ, **ours, **own}


def module(*words: str) -> tuple[str, ...]:
    """Return the command line that runs one of our own modules."""
    return (sys.executable, "-m", *words)


def behind(options: Options, layout: Layout, signatures: Path) -> tuple[Part, ...]:
    """Return the servers that everything else needs; they stop last."""
    fresh = () if options.signatures else (freshclam(layout, signatures),)
    return (_redis(layout), clamd(layout, signatures), *fresh)


def in_front(options: Options, port: int) -> tuple[Part, ...]:
    """Return the gateway and the worker; they stop first, while what they need still answers."""

    async def serves() -> bool:
        return await ask_http(port, "/readyz") == 200

    gateway = module("gateway", "serve", "--processes", str(options.processes))
    return (
        Part("gateway", gateway, ask=serves, start_seconds=60, grace_seconds=7),
        Part("workers", module("workers", *QUEUES), ask=None, grace_seconds=7),
    )


def _redis(layout: Layout) -> Part:
    """Return Redis, which keeps what it holds over a restart (redis.io, "Persistence")."""
    socket = layout.sockets / "redis.sock"
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "600",
        "dir": str(layout.data / "redis"),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
        "save": "",
        "daemonize": "no",
    }
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    return Part(
        "redis",
        (str(find_program("redis-server")), *words),
        ask=lambda: ask_socket(socket, b"PING\r\n", b"+PONG"),
    )
