"""Whether virus signatures are new enough to trust a verdict of clean."""

from dataclasses import dataclass
from datetime import datetime, timedelta

#: clamd tells local time and clocks differ; what lies further ahead than this is no date.
_CLOCK_TOLERANCE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Freshness:
    """The answer: true when fresh, else with the reason."""

    reason: str | None = None

    def __bool__(self) -> bool:
        return self.reason is None


def is_fresh(
    signatures_at: datetime | None, now: datetime, max_age: timedelta, *, allow_unknown: bool = False
) -> Freshness:
    """Say whether signatures made at `signatures_at` are at most `max_age` old.

    `None` is an unknown age, which is never fresh unless `allow_unknown` (demonstrations only).
    """
    if signatures_at is None:
        return Freshness() if allow_unknown else Freshness("the signatures are of unknown age")
    age = now - signatures_at
    if age < -_CLOCK_TOLERANCE:
        return Freshness("the signatures are dated in the future")
    if age > max_age:
        return Freshness(f"the signatures are {age.total_seconds() / 3600:.0f} hours old")
    return Freshness()
