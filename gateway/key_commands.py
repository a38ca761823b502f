"""`python -m gateway keys create | list | revoke`."""

import argparse
import sys
from typing import TYPE_CHECKING

from config.settings import Settings
from storage.errors import NotFound
from storage.records.database import open_database
from storage.records.principals import Principals, Role, is_centre_id

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_key_commands(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command `keys` with its three verbs."""
    verbs = commands.add_parser("keys", help="create, list and revoke API keys").add_subparsers(
        required=True, metavar="VERB"
    )
    creating = verbs.add_parser("create", help="create a key and print it, once")
    creating.add_argument("--label", required=True, help="what the key is for")
    creating.add_argument("--centre", help="the centre it belongs to; none: the board's side")
    creating.add_argument(
        "--role",
        action="append",
        default=[],
        metavar="ROLE",
        help=f"a role; may be given several times: {', '.join(Role)}",
    )
    creating.set_defaults(run=_create)
    verbs.add_parser("list", help="list keys, without the secrets").set_defaults(run=_list)
    revoking = verbs.add_parser("revoke", help="revoke a key for good")
    revoking.add_argument("id")
    revoking.set_defaults(run=_revoke)


def _objection(arguments: argparse.Namespace) -> str | None:
    """Return why no such key is made; `None`: it is."""
    unknown = sorted(set(arguments.role) - set(Role))
    if unknown:
        return f"unknown role {', '.join(unknown)}; roles are {', '.join(Role)}"
    if arguments.centre is not None and not is_centre_id(arguments.centre):
        return "a centre's name is 1 to 64 printable characters, without space around it"
    if arguments.centre is None and not arguments.role:
        return "a key of the board's side needs a role; give --role, or --centre for a centre's key"
    return None


async def _create(settings: Settings, arguments: argparse.Namespace) -> int:
    if objection := _objection(arguments):
        return _refuse(objection)
    async with open_database(settings.database_url) as database:
        key, _ = await Principals(database).create_key(
            arguments.label, frozenset(arguments.role), arguments.centre
        )
    sys.stdout.write(f"{key}\n")
    return 0


async def _list(settings: Settings, _: argparse.Namespace) -> int:
    async with open_database(settings.database_url) as database:
        for key in await Principals(database).list():
            state, roles = "revoked" if key.revoked_at else "active", ",".join(sorted(key.roles))
            sys.stdout.write(f"{key.id}\t{state}\t{key.centre_id or 'board'}\t{roles}\t{key.label}\n")
    return 0


async def _revoke(settings: Settings, arguments: argparse.Namespace) -> int:
    async with open_database(settings.database_url) as database:
        try:
            await Principals(database).revoke(arguments.id)
        except NotFound as error:
            return _refuse(str(error))
    return 0


def _refuse(why: str) -> int:
    sys.stderr.write(f"{why}\n")
    return 1
