from datetime import UTC, datetime, timedelta

import pytest

from scanning.freshness import is_fresh

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAYS = timedelta(days=1)

CASES = [
    (NOW - 1 * DAYS, False, True),
    (NOW - 3 * DAYS, False, True),
    (NOW - 3 * DAYS - timedelta(seconds=1), False, False),
    (NOW - 3 * DAYS - timedelta(seconds=1), True, False),
    (None, False, False),
    (None, True, True),
    (NOW + timedelta(hours=14), False, True),
    (NOW + 2 * DAYS, False, False),
]


@pytest.mark.parametrize(("signatures_at", "allow_unknown", "fresh"), CASES)
def test_signatures_are_fresh_only_within_their_age(signatures_at, allow_unknown, fresh):
    answer = is_fresh(signatures_at, NOW, 3 * DAYS, allow_unknown=allow_unknown)
    assert bool(answer) is fresh
    assert (answer.reason is None) is fresh
