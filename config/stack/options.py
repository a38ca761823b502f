"""What the operator asked for on the command line."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from config.bucket import parse_bucket

#: Signatures that only prove that the scanner works.
DEMONSTRATION_SIGNATURES = Path(__file__).with_name("signatures")


@dataclass(frozen=True, slots=True)
class Options:
    """One stack: where it listens, what it keeps, and how it is run."""

    #: Port on 127.0.0.1; 0 takes a free one.
    port: int
    #: Folder of everything that is kept.
    data: Path
    #: Folder of ClamAV databases; `None`: `data/signatures`, kept fresh by freshclam.
    signatures: Path | None = None
    #: Where bytes lie, as the setting `storage`; empty: under `data`.
    storage: str = ""
    #: Gateway processes.
    processes: int = 1
    #: Evidence may become ready on signatures of unknown age.
    allow_demonstration_signatures: bool = False
    #: Begin with nothing: what an earlier stack left in `data` is removed.
    fresh: bool = False
    #: Stop when the parent process ends or begins to stop.
    with_parent: bool = False
    #: Run once the stack serves, then stop with its exit status; empty: stay up.
    command: tuple[str, ...] = ()


def parse_options(argv: Sequence[str]) -> Options:
    """Parse the command line; exits with status 2 and the usage on a mistake."""
    parser = argparse.ArgumentParser(prog="python -m config.stack", description=__doc__)
    parser.add_argument("--port", type=_port, default=8080, help="on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--data", type=Path, default=Path(".data"), help="folder of everything that is kept")
    parser.add_argument("--signatures", default="", help="folder of ClamAV databases instead of freshclam's")
    parser.add_argument(
        "--demonstration-signatures", action="store_true", help="the test signature and no other"
    )
    parser.add_argument("--storage", type=_storage, default="", help="s3://BUCKET/PREFIX?endpoint=URL")
    parser.add_argument("--processes", type=_count, default=1, help="gateway processes")
    parser.add_argument("--allow-demonstration-signatures", action="store_true")
    parser.add_argument(
        "--fresh", action="store_true", help="remove what an earlier stack left in the data folder"
    )
    parser.add_argument("--with-parent", action="store_true", help="stop when the parent process does")
    parser.add_argument(
        "command", nargs="*", help="run once the stack serves, with INTAKE_URL and INTAKE_KEY; then stop"
    )
    told = parser.parse_args(argv)
    named = DEMONSTRATION_SIGNATURES if told.demonstration_signatures else told.signatures
    return Options(
        port=told.port,
        data=told.data.absolute(),
        signatures=Path(named).absolute() if named else None,
        storage=told.storage,
        processes=told.processes,
        allow_demonstration_signatures=told.allow_demonstration_signatures,
        fresh=told.fresh,
        with_parent=told.with_parent,
        command=tuple(told.command),
    )


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return port


def _storage(text: str) -> str:
    try:
        if text:
            parse_bucket(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return count
