"""Principals: who may speak to us, by API keys of which only the hash is kept."""

import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import TypeGuard

from sqlalchemy import bindparam, insert, select, update
from uuid6 import uuid7

from storage import tables
from storage.errors import KeyRevoked, NotFound
from storage.records.connections import Transaction
from storage.records.database import Database, fetch
from storage.records.rows import Row

_KEY = re.compile(r"ei_[0-9A-Za-z_-]{43}")
_C = tables.api_key.c
#: Built once, because every request asks it.
_OF_KEY = select(tables.api_key).where(_C.key_sha256 == bindparam("hashed"), _C.revoked_at.is_(None))

#: Longest name of a centre, in characters.
_LONGEST_CENTRE = 64


class Role(StrEnum):
    """What a principal may do."""

    #: Sends a centre's evidence.
    CENTRE_USER = "centre_user"
    #: Looks after a centre's evidence requests.
    EXAMS_OFFICER = "exams_officer"
    #: Answers for a centre's evidence.
    HEAD_OF_CENTRE = "head_of_centre"
    #: Reviews evidence for the board.
    ASSESSMENT_SPECIALIST = "assessment_specialist"
    #: Leads reviewers.
    TEAM_LEADER = "team_leader"
    #: Checks reviews.
    QA_OFFICER = "qa_officer"
    #: Sees queues and metrics, and the state of all evidence.
    OPS = "ops"
    #: Reads the audit trail.
    AUDITOR = "auditor"
    #: Another system of the board.
    INTEGRATION = "integration"


@dataclass(frozen=True, slots=True)
class Principal:
    """Someone who was recognised."""

    id: str
    #: What it is: `service` for the holder of an API key, `person` for that of an issuer's token, `grant` for
    #: whoever goes on with one upload in its creator's name.
    kind: str
    roles: frozenset[str]
    #: The only centre it may see; `None`: the board's side.
    centre_id: str | None


@dataclass(frozen=True, slots=True)
class ApiKey(Principal):
    """What is known of a principal's key; never the key itself."""

    label: str
    created_at: datetime
    revoked_at: datetime | None


class Principals:
    """Every API key that was given out."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create_key(
        self, label: str, roles: Collection[str], centre_id: str | None
    ) -> tuple[str, Principal]:
        """Make a key and return its text, which nobody can see again, and whom it stands for."""
        key = f"ei_{secrets.token_urlsafe(32)}"
        principal = Principal(str(uuid7()), "service", frozenset(roles), centre_id)
        row = {
            "id": principal.id,
            "key_sha256": hash_secret(key),
            "kind": principal.kind,
            "roles": sorted(principal.roles),
            "centre_id": centre_id,
            "label": label,
            "created_at": datetime.now(UTC),
        }
        await self._database.execute(insert(tables.api_key).values(row))
        return key, principal

    async def find(self, key: str) -> Principal | None:
        """Return whom a key stands for; `None` for one that is unknown, revoked or none at all."""
        if not _KEY.fullmatch(key):
            return None
        found = await self._database.fetch(_OF_KEY, {"hashed": hash_secret(key)})
        return _principal_of(found[0]) if found else None

    async def revoke(self, principal_id: str) -> None:
        """Make a principal's key worthless from now on; the first time counts. Raises `NotFound`."""
        valid = update(tables.api_key).where(_C.id == principal_id, _C.revoked_at.is_(None))

        async def transaction(connection: Transaction) -> None:
            await connection.execute(valid.values(revoked_at=datetime.now(UTC)))
            if not await fetch(connection, select(_C.id).where(_C.id == principal_id)):
                raise NotFound(f"no key has the id {principal_id}")

        await self._database.write(transaction)

    async def revoked(self, principal_ids: Collection[str]) -> frozenset[str]:
        """Return those of the principals whose key was revoked; one without a key of ours never was."""
        query = select(_C.id).where(_C.id.in_(principal_ids), _C.revoked_at.is_not(None))
        return frozenset(row["id"] for row in await self._database.fetch(query))

    async def list(self) -> tuple[ApiKey, ...]:
        """Return every key that was given out, oldest first."""
        query = select(tables.api_key).order_by(_C.id)
        return tuple(_key_of(row) for row in await self._database.fetch(query))


async def require_unrevoked(connection: Transaction, principal_id: str) -> None:
    """Raise `KeyRevoked` within a transaction if the principal's key was revoked before it is stored.

    The key's row is locked, so that a revocation comes wholly before or wholly after the transaction.
    """
    query = select(_C.revoked_at).where(_C.id == principal_id).with_for_update(read=True)
    if any(row["revoked_at"] for row in await fetch(connection, query)):
        raise KeyRevoked(f"the key of {principal_id} was revoked")


def is_centre_id(value: object) -> TypeGuard[str]:
    """Tell whether a value can name a centre: printable text without space around it."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= _LONGEST_CENTRE
        and value.isprintable()
        and value == value.strip()
    )


def hash_secret(secret: str) -> str:
    """Return what is kept of a key, a grant or a token: its SHA-256 in hex."""
    # Who holds a random 256-bit secret, or a signature, needs no salt and no slow hash; what counts is one
    # look-up.
    return sha256(secret.encode()).hexdigest()


def _principal_of(row: Row) -> Principal:
    return Principal(row["id"], row["kind"], frozenset(row["roles"]), row["centre_id"])


def _key_of(row: Row) -> ApiKey:
    names = ("id", "kind", "centre_id", "label", "created_at", "revoked_at")
    return ApiKey(roles=frozenset(row["roles"]), **{name: row[name] for name in names})
