"""Command lines for children that see one input, one private folder and nothing else.

`wrap` is pure. Where namespaces cannot be had (`limits`), the same limits hold but the file system is shared:
`detect` says which it is, so that operators can see it.
"""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path

DETECT_SECONDS = 10
ENVIRONMENT: Mapping[str, str] = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/tmp",  # noqa: S108 - the sandbox's own, empty one
    "LC_ALL": "C.UTF-8",
}
#: Temporary files of the tools live in memory, and are as small as this.
TEMPORARY_BYTES = 256 << 20
SOURCE = Path("/in")
FOLDER = Path("/out")


class SandboxKind(StrEnum):
    """How well a child is kept apart."""

    #: Own namespaces: no network, no other process, no other file.
    BWRAP = "bwrap"
    #: Limits on memory, time, files and inheritance only.
    LIMITS = "limits"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use before the kernel ends it."""

    address_space_bytes: int
    cpu_seconds: int
    #: Largest single file it may write.
    file_size_bytes: int
    open_files: int = 128
    #: How far it stands back behind the services of this machine (nice(1)).
    niceness: int = 10


@dataclass(frozen=True, slots=True)
class Room:
    """What a child sees: `source` (a file or a folder) to read, `folder` to write, `programs` to run."""

    kind: SandboxKind
    source: Path | None = None
    folder: Path | None = None
    programs: tuple[Path, ...] = ()

    @property
    def source_inside(self) -> Path | None:
        """Where the child finds the source."""
        return SOURCE if self.source and self.kind is SandboxKind.BWRAP else self.source

    @property
    def folder_inside(self) -> Path | None:
        """Where the child finds its folder."""
        return FOLDER if self.folder and self.kind is SandboxKind.BWRAP else self.folder


@dataclass(frozen=True, slots=True)
class Command:
    """A complete command line with the whole environment it gets."""

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=lambda: dict(ENVIRONMENT))


def wrap(
    argv: Sequence[str], room: Room, limits: Limits, environment: Mapping[str, str] | None = None
) -> Command:
    """Return the command that runs `argv` inside `room` under `limits`, and dies with its parent."""
    inner = (*_bwrap(room), *argv) if room.kind is SandboxKind.BWRAP else tuple(argv)
    return Command((*_limits(limits), *inner), {**ENVIRONMENT, **(environment or {})})


def _limits(limits: Limits) -> tuple[str, ...]:
    return (
        "setpriv", "--pdeathsig", "KILL", "--no-new-privs", "--",
        "prlimit", f"--as={limits.address_space_bytes}", f"--cpu={limits.cpu_seconds}",
        f"--fsize={limits.file_size_bytes}", f"--nofile={limits.open_files}", "--core=0", "--",
        "nice", "-n", str(limits.niceness),
    )  # fmt: skip


def _bwrap(room: Room) -> tuple[str, ...]:
    argv = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
            "--ro-bind", "/usr", "/usr"]  # fmt: skip
    for name in ("bin", "sbin", "lib", "lib64"):
        argv += ["--symlink", f"usr/{name}", f"/{name}"]
    for path in ("/etc/alternatives", "/etc/fonts", "/etc/ld.so.cache"):
        argv += ["--ro-bind-try", path, path]
    argv += ["--proc", "/proc", "--dev", "/dev", "--size", str(TEMPORARY_BYTES), "--tmpfs", "/tmp"]  # noqa: S108
    for program in room.programs:
        if not program.is_relative_to("/usr"):
            argv += ["--ro-bind", str(program), str(program)]
    if room.source:
        argv += ["--ro-bind", str(room.source), str(SOURCE)]
    if room.folder:
        argv += ["--bind", str(room.folder), str(FOLDER)]
    return (*argv, "--chdir", "/tmp", "--")  # noqa: S108


@cache
def detect() -> SandboxKind:
    """Return the best kind this machine allows, by trying it once; blocks for a few milliseconds."""
    limits = Limits(address_space_bytes=1 << 30, cpu_seconds=DETECT_SECONDS, file_size_bytes=1 << 20)
    command = wrap(["true"], Room(SandboxKind.BWRAP), limits)
    if not shutil.which("bwrap", path=ENVIRONMENT["PATH"]):
        return SandboxKind.LIMITS
    try:
        # Asked once before any work and without a loop; every other child starts in transcode/process.py.
        tried = subprocess.run(  # noqa: S603 - fixed arguments
            command.argv, env=dict(command.environment), stdin=subprocess.DEVNULL, capture_output=True,
            timeout=DETECT_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return SandboxKind.LIMITS
    return SandboxKind.BWRAP if tried.returncode == 0 else SandboxKind.LIMITS
