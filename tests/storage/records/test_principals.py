import re

import pytest
from sqlalchemy import select

from storage import tables
from storage.errors import NotFound
from storage.records.database import Database
from storage.records.principals import Principals


async def test_a_key_stands_for_its_principal(principals: Principals):
    key, principal = await principals.create_key("portal", ["ops", "upload"], "centre-1")
    assert re.fullmatch(r"ei_[0-9A-Za-z_-]{43}", key)
    assert (principal.roles, principal.centre_id) == ({"ops", "upload"}, "centre-1")
    assert await principals.find(key) == principal


async def test_a_revoked_key_is_worthless_and_stays_in_the_list(principals: Principals):
    key, principal = await principals.create_key("portal", [], None)
    other, _ = await principals.create_key("other", [], None)
    await principals.revoke(principal.id)
    with pytest.raises(NotFound, match="no key has the id"):
        await principals.revoke("unknown")
    assert await principals.find(key) is None
    assert await principals.find(other)
    first, second = await principals.list()
    assert (first.id, first.label, second.revoked_at) == (principal.id, "portal", None)
    assert first.revoked_at


@pytest.mark.parametrize(
    "key", ["", "ei_", "ei_" + "x" * 43, "ei_" + "é" * 43, "\ud800", "ei_" + "x" * 44, "x" * 100_000]
)
async def test_what_is_no_key_stands_for_nobody(principals: Principals, key):
    assert await principals.find(key) is None


async def test_the_key_itself_is_not_kept(principals: Principals, database: Database):
    key, _ = await principals.create_key("portal", [], None)
    (row,) = await database.fetch(select(tables.api_key))
    assert key[3:] not in repr(row)
