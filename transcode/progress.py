"""How far ffmpeg is: its `-progress` lines as a fraction that only grows, and the time left."""

import time
from collections.abc import Callable

#: Called with the part that is done (0 to 1) and the seconds that are left, once that can be told.
OnProgress = Callable[[float, float | None], None]
#: No guess before this much is done.
FIRST_GUESS = 0.02


class Progress:
    """Follows one run towards `duration_seconds`; `None`: the end is not known, so only movement shows."""

    def __init__(
        self, duration_seconds: float | None, tell: OnProgress, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._duration_seconds = duration_seconds
        self._tell = tell
        self._clock = clock
        self._fraction = 0.0
        self._position = -1
        self._started = clock()

    def start(self) -> "Progress":
        """Begin, or begin again: what was told stays the least that is told."""
        self._started = self._clock()
        self._position = -1
        return self

    def on_line(self, line: str) -> bool:
        """Take one line of progress; return whether the work moved on since the last."""
        key, _, value = line.strip().partition("=")
        if key != "out_time_us" or not value.isdecimal() or int(value) <= self._position:
            return False
        self._position = int(value)
        if self._duration_seconds:
            done = min(1.0, self._position / 1e6 / self._duration_seconds)
            self._fraction = max(self._fraction, min(0.99, done))
            self._tell(self._fraction, self._left(done))
        return True

    def _left(self, done: float) -> float | None:
        if done < FIRST_GUESS:
            return None
        return (self._clock() - self._started) * (1 - done) / done
