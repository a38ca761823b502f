"""The least rate of a body: who sends a byte now and then holds a connection, but will never send a file.

A bad line at a school carries some kilobytes a second. At a hundred bytes a second a photo takes three hours:
nobody waits for that, so only those are cut who trickle on purpose. Their bytes are kept like all others.
"""

import asyncio

from aiohttp import StreamReader

from gateway.problems import TooSlow

#: The rate is that of a window of so many times the longest silence, so that pauses alone cut nobody.
WINDOW_SILENCES = 2


class Pace:
    """How fast one body arrives."""

    def __init__(self, body: StreamReader, least_bytes_per_second: float, silent_seconds: float) -> None:
        self._body = body
        self._least = least_bytes_per_second
        self._window_seconds = WINDOW_SILENCES * silent_seconds
        self._clock = asyncio.get_running_loop().time
        self._begin()

    def _begin(self) -> None:
        self._began_at = self._clock()
        self._before_bytes = self._body.total_bytes

    def check(self) -> None:
        """Raise `TooSlow` at the end of a window in which too little came; silence is cut elsewhere."""
        passed = self._clock() - self._began_at
        if passed < self._window_seconds:
            return
        if self._body.total_bytes - self._before_bytes < self._least * passed:
            raise TooSlow
        self._begin()
