"""The virus scanner's part of the stack: its configuration, its signatures, and what keeps them fresh."""

import os
import shutil
from pathlib import Path

from config.signatures import DATABASES, DATED
from config.stack import StackError
from config.stack.child import find_program
from config.stack.layout import Layout
from config.stack.options import DEMONSTRATION_SIGNATURES
from config.stack.part import Part, ask_socket

#: Over a limit clamd reads nothing and answers OK, unless AlertExceedsMax; 2147483645 is the most it reads.
#: Sizes are in M and below 4 GiB: ClamAV 1.0 reads no others.
#: A reload waits until every idle thread has ended: by default clamd is deaf for 30 s at each update.
CLAMD = """
Foreground yes
LocalSocket "{sockets}/clamd.sock"
LocalSocketMode 600
DatabaseDirectory "{signatures}"
TemporaryDirectory "{scratch}"
MaxThreads 8
MaxConnectionQueueLength 64
StreamMaxLength 300M
MaxFileSize 2147483645
MaxScanSize 4000M
MaxScanTime 600000
PCREMaxFileSize 300M
AlertExceedsMax yes
ConcurrentDatabaseReload no
IdleTimeout 1
SelfCheck 60
"""

FRESHCLAM = """
Foreground yes
DatabaseDirectory "{signatures}"
DatabaseMirror database.clamav.net
Checks 12
NotifyClamd "{run}/clamd.conf"
"""


def prepare_signatures(layout: Layout, named: Path | None) -> Path:
    """Return the folder that clamd loads: the named one, or our own, with the demonstration set in it.

    Raises:
        StackError: the named folder holds no database.
    """
    if named is None:
        folder = layout.data / "signatures"
        folder.mkdir(mode=0o700, exist_ok=True)
        for source in DEMONSTRATION_SIGNATURES.iterdir():
            shutil.copyfile(source, folder / source.name)
        return folder
    if not _files(named, DATABASES):
        raise StackError(f"SIGNATURES={named} holds no ClamAV database ({' '.join(DATABASES)})")
    return named


def are_dated(signatures: Path) -> bool:
    """Say whether the folder holds a database whose age is known."""
    return bool(_files(signatures, DATED))


def _files(folder: Path, endings: tuple[str, ...]) -> list[Path]:
    return [entry for entry in folder.iterdir() if entry.suffix in endings] if folder.is_dir() else []


def clamd(layout: Layout, signatures: Path) -> Part:
    """Return clamd, its configuration written; loading real signatures takes it about a minute."""
    scratch = layout.run / "clamd"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(mode=0o700)
    config = _write(
        layout, "clamd.conf", CLAMD.format(sockets=layout.sockets, signatures=signatures, scratch=scratch)
    )
    socket = layout.sockets / "clamd.sock"
    return Part(
        "clamd",
        (str(_unconfined(layout, "clamd")), f"--config-file={config}"),
        ask=lambda: ask_socket(socket, b"zPING\0", b"PONG\0"),
        start_seconds=300,
    )


def freshclam(layout: Layout, signatures: Path) -> Part:
    """Return freshclam, which nobody waits for: without a network it tries again for ever."""
    owner = "DatabaseOwner root\n" if os.getuid() == 0 else ""
    config = _write(layout, "freshclam.conf", FRESHCLAM.format(signatures=signatures, run=layout.run) + owner)
    program = _unconfined(layout, "freshclam")
    return Part(
        "freshclam",
        (str(program), "--daemon", "--foreground", "--stdout", f"--config-file={config}"),
        ask=None,
        pause_seconds=60,
        longest_pause_seconds=3600,
    )


def _write(layout: Layout, name: str, text: str) -> Path:
    """Write a configuration; both programs refuse one that others may write to."""
    config = layout.run / name
    config.write_text(text, encoding="utf-8")
    config.chmod(0o600)
    return config


def _unconfined(layout: Layout, name: str) -> Path:
    """Return a copy of the program: Debian's AppArmor profile, bound to its path, bars our folders."""
    copy = layout.run / f"{name}.bin"
    shutil.copy(find_program(name), copy)
    return copy
