"""Commands of what is kept: `python -m storage migrate`, `check` and `verify [--bytes]`."""

import argparse
import asyncio
import sys

from config.settings import Settings
from storage.checking import check
from storage.errors import StorageError
from storage.records.audit import AuditTrail
from storage.records.database import migrate, open_database
from storage.stores import open_blobs


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return 0, 1 when `verify` found anything, or 2 when it could not be done."""
    chosen = _parser().parse_args(arguments)
    try:
        return _run(chosen, Settings())
    except StorageError as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _run(chosen: argparse.Namespace, settings: Settings) -> int:
    if chosen.command == "migrate":
        migrate(settings.database_url)
        return 0
    if chosen.command == "check":
        return asyncio.run(_check(settings))
    return asyncio.run(_verify(settings, with_bytes=chosen.bytes))


async def _check(settings: Settings) -> int:
    try:
        async with open_blobs(settings) as blobs:
            await check(blobs)
    except StorageError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


async def _verify(settings: Settings, *, with_bytes: bool) -> int:
    found = 0
    async with open_database(settings.database_url) as database, open_blobs(settings) as blobs:
        async for finding in AuditTrail(database).verify(blobs if with_bytes else None):
            sys.stdout.write(f"{finding.evidence_id}: {finding.problem}\n")
            found += 1
    sys.stdout.write(f"{found} findings\n")
    return 1 if found else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m storage", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("migrate", help="bring the database to the version this code needs")
    commands.add_parser("check", help="see whether the store of bytes can be used")
    verify = commands.add_parser("verify", help="find everything that was altered since it was recorded")
    verify.add_argument("--bytes", action="store_true", help="hash every original again, too")
    return parser


if __name__ == "__main__":
    sys.exit(main())
