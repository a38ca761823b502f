"""A circuit breaker: leaves a server that failed in peace, for longer each time."""

from dataclasses import dataclass

FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is remembered of one server; times are seconds of a monotonic clock."""

    failures: int = 0
    open_until: float = 0.0

    def allows(self, now: float) -> bool:
        """Say whether the server may be asked."""
        return now >= self.open_until

    def failed(self, now: float) -> "Breaker":
        """Return the breaker after one more failure in a row."""
        pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(self.failures, 16))
        return Breaker(self.failures + 1, now + pause)
