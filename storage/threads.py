"""Threads for blocking calls, at half of what the event loop's own way to threads costs.

`loop.run_in_executor` makes two futures, a condition and three callbacks of each call. An upload makes a
dozen of them for a mebibyte; measured in `docs/decisions/0024-own-threads-for-the-disk.md`.
"""

import asyncio
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, TypeVar
from weakref import WeakSet

import structlog

T = TypeVar("T")

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Undo:
    """The undoing of work that was done for nobody."""

    undo: Callable[[Any], object]
    result: Any

    def run(self) -> None:
        try:
            self.undo(self.result)
        except Exception as error:  # noqa: BLE001 - nobody waits for it
            _log.warning("not_undone", error=repr(error))

    def drop(self) -> None:
        """What is not undone is found by its age later."""


@dataclass(frozen=True, slots=True)
class _Call:
    """Work, and who waits for it."""

    work: Callable[..., Any]
    args: tuple[Any, ...]
    answer: asyncio.Future[Any]
    #: Undoes the work, given its result, when nobody waits for it any more.
    undo: Callable[[Any], object] | None
    #: Gets an undoing that is found to be due where nothing may block.
    later: Callable[[_Undo], None]

    def run(self) -> None:
        try:
            result, error = self.work(*self.args), None
        except BaseException as raised:  # noqa: BLE001 - whoever waits gets it
            result, error = None, raised
        # A loop that is about to end never looks at what it is told now: it is told only what is waited for.
        if (self.answer.done() or not self._tell(result, error)) and self.undo and error is None:
            _Undo(self.undo, result).run()

    def drop(self) -> None:
        """Tell who waits that it will never run."""
        with suppress(RuntimeError):
            self.answer.get_loop().call_soon_threadsafe(self.answer.cancel)

    def _tell(self, result: Any, error: BaseException | None) -> bool:  # noqa: ANN401 - whatever work returns
        try:
            self.answer.get_loop().call_soon_threadsafe(self._settle, result, error)
        except RuntimeError:  # the loop is closed
            return False
        return True

    def _settle(self, result: Any, error: BaseException | None) -> None:  # noqa: ANN401 - whatever work returns
        if not self.answer.done():
            if error:
                self.answer.set_exception(error)
            else:
                self.answer.set_result(result)
        elif self.undo and error is None:
            self.later(_Undo(self.undo, result))


class Threads:
    """Threads that are begun when needed and then kept; no more than `most`, then calls wait their turn.

    Nobody waits for them when the process ends: a disk that hangs keeps no process alive.
    """

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._clear()
        _all.add(self)

    def _clear(self) -> None:
        self._calls: SimpleQueue[_Call | _Undo | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._idle = 0
        self._ended = False
        self._begun: list[threading.Thread] = []

    def call(
        self, work: Callable[..., Any], args: tuple[Any, ...], undo: Callable[[Any], object] | None = None
    ) -> asyncio.Future[Any]:
        """Begin blocking work; return a future of the running loop, which may be cancelled or settled before.

        Work that was begun cannot be stopped; `undo`, which may block too, gets its result in a thread if the
        future is done by then. Raises `RuntimeError` after `end`, and where no thread can be begun.
        """
        call = _Call(work, args, asyncio.get_running_loop().create_future(), undo, self._undo_later)
        self._put(call)
        return call.answer

    def undo(self, undo: Callable[[T], object], result: T) -> None:
        """Undo in a thread what was done for nobody; what cannot be undone is only logged."""
        self._undo_later(_Undo(undo, result))

    def _undo_later(self, undo: _Undo) -> None:
        try:
            self._put(undo)
        except RuntimeError as error:
            _log.warning("not_undone", error=repr(error))

    def _put(self, call: _Call | _Undo) -> None:
        if self._ended:
            raise RuntimeError("these threads have ended")
        with self._lock:
            if self._idle:
                self._idle -= 1
            elif len(self._begun) < self._most:
                self._begin()
        self._calls.put(call)

    def _begin(self) -> None:
        thread = threading.Thread(target=self._work, name=self._name, daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the system allows no more threads: others do it, if there are any
            if not self._begun:
                raise
        else:
            self._begun.append(thread)

    def drop(self) -> None:
        """Begin none of the calls that wait for a thread; whoever waits for one is cancelled."""
        with suppress(Empty):
            while call := self._calls.get_nowait():
                call.drop()

    def end(self) -> None:
        """Take no more calls: each thread ends once none waits."""
        self._ended = True
        for _ in self._begun:
            self._calls.put(None)

    def join(self) -> None:
        """Wait until they have ended."""
        for thread in self._begun:
            thread.join()

    def _work(self) -> None:
        while call := self._calls.get():
            call.run()
            del call  # what it brought and found may be large
            with self._lock:
                self._idle += 1


_all: WeakSet[Threads] = WeakSet()


def _clear_all() -> None:
    for threads in _all:
        threads._clear()  # noqa: SLF001 - a forked process has none of them


os.register_at_fork(after_in_child=_clear_all)
