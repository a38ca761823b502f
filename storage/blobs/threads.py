"""Threads for the disk's blocking calls, at half of what the event loop's own way to threads costs.

`loop.run_in_executor` makes two futures, a condition and three callbacks of each call. An upload makes a
dozen of them for a mebibyte; measured in `docs/decisions/0024-own-threads-for-the-disk.md`.
"""

import asyncio
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any


@dataclass(frozen=True, slots=True)
class _Call:
    """Work, and who waits for it."""

    work: Callable[..., Any]
    args: tuple[Any, ...]
    answer: asyncio.Future[Any]
    #: Gets the result when nobody can wait for it any more.
    undo: Callable[[Any], object] | None

    def run(self) -> None:
        try:
            result, error = self.work(*self.args), None
        except BaseException as raised:  # noqa: BLE001 - whoever waits gets it
            result, error = None, raised
        try:
            self.answer.get_loop().call_soon_threadsafe(self._settle, result, error)
        except RuntimeError:  # the loop is closed
            if self.undo and error is None:
                self.undo(result)

    def _settle(self, result: Any, error: BaseException | None) -> None:  # noqa: ANN401 - whatever work returns
        if self.answer.cancelled():
            return
        if error:
            self.answer.set_exception(error)
        else:
            self.answer.set_result(result)


class Threads:
    """Threads that are begun when needed and then kept; no more than `most`, then calls wait their turn.

    They end with the process and nobody waits for them: a disk that hangs keeps no process alive.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._clear()
        os.register_at_fork(after_in_child=self._clear)

    def _clear(self) -> None:
        self._calls: SimpleQueue[_Call] = SimpleQueue()
        self._lock = threading.Lock()
        self._idle = self._begun = 0

    def call(
        self, work: Callable[..., Any], args: tuple[Any, ...], undo: Callable[[Any], object] | None = None
    ) -> asyncio.Future[Any]:
        """Begin blocking work; return a future of the running loop.

        Work that was begun cannot be stopped; `undo` gets its result if the loop is closed by then.
        """
        call = _Call(work, args, asyncio.get_running_loop().create_future(), undo)
        with self._lock:
            lacking = not self._idle and self._begun < self._most
            if lacking:
                self._begun += 1
            elif self._idle:
                self._idle -= 1
        self._calls.put(call)
        if lacking:
            threading.Thread(target=self._work, name="disk", daemon=True).start()
        return call.answer

    def _work(self) -> None:
        calls, lock = self._calls, self._lock
        while True:
            calls.get().run()
            with lock:
                self._idle += 1
