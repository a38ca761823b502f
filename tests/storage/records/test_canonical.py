from dataclasses import replace
from datetime import timedelta, timezone
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.evidence import Stage
from storage.records.canonical import digest, format_json, plain, plain_fields
from storage.records.rows import as_stored
from storage.states import StageName
from tests.storage.records.values import NOW, new_evidence, scanned

numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
plain_values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
)


@given(st.dictionaries(st.text(), plain_values))
def test_a_record_that_was_stored_and_read_back_keeps_its_digest(facts):
    evidence = replace(scanned(new_evidence()).after, facts=facts)
    stored = as_stored(evidence)
    assert as_stored(stored) == stored
    assert digest(as_stored(stored)) == digest(stored)


@given(plain_values)
def test_canonical_json_is_the_same_before_and_after_storing(value):
    assert format_json(plain(value)) == format_json(plain(plain(value)))


def test_other_kinds_of_mapping_and_sequence_digest_alike():
    evidence = new_evidence()
    proxied = replace(evidence, facts=MappingProxyType({}), detail=MappingProxyType({}))
    assert digest(as_stored(proxied)) == digest(as_stored(evidence))


def test_a_time_digests_alike_in_every_zone():
    elsewhere = NOW.astimezone(timezone(timedelta(hours=13)))
    assert digest({"at": elsewhere}) == digest({"at": NOW})


def test_fields_at_their_defaults_do_not_count_so_that_new_ones_may_come():
    assert plain_fields(Stage(StageName.SCAN, attempt=2)) == {"name": StageName.SCAN, "attempt": 2}


@pytest.mark.parametrize("value", [object(), b"bytes", {1, 2}])
def test_what_json_cannot_hold_is_refused(value):
    with pytest.raises(TypeError, match="no place in a record"):
        plain({"x": value})
