"""What one stream has still to send."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from gateway.events.mailbox import LARGEST_BACKLOG, Mailbox, Shown
from storage.states import StageName

START = datetime(2026, 11, 21, tzinfo=UTC)


def shown(name: str = "e1", version: int = 1, second: int = 0) -> Shown:
    return Shown(name, version, START + timedelta(seconds=second), ended=False, data=b"{}")


def test_of_one_piece_of_evidence_only_the_latest_waits() -> None:
    mailbox = Mailbox()
    for version in (2, 3, 1):
        mailbox.put(shown(version=version))
    assert [taken.version for taken in mailbox.take()] == [3]
    assert mailbox.take() == []


def test_what_was_taken_is_not_taken_again_nor_is_anything_older() -> None:
    mailbox = Mailbox()
    mailbox.put(shown(version=3))
    mailbox.take()
    for version in (3, 2):
        mailbox.put(shown(version=version))
    assert mailbox.take() == []


def test_the_first_change_is_taken_first() -> None:
    mailbox = Mailbox()
    for name, second in (("b", 2), ("c", 3), ("a", 1)):
        mailbox.put(shown(name, second=second))
    assert [taken.id for taken in mailbox.take()] == ["a", "b", "c"]


def test_what_was_read_past_it_counts_as_taken() -> None:
    mailbox = Mailbox()
    mailbox.put(shown("old", 1))
    mailbox.put(shown("new", 3))
    read = [shown("old", 2), shown("new", 2)]
    assert mailbox.pass_by(read) == read
    assert [(taken.id, taken.version) for taken in mailbox.take()] == [("new", 3)]
    assert mailbox.pass_by(read) == []


def test_a_reader_that_is_too_far_behind_is_given_up_and_nothing_more_is_kept() -> None:
    mailbox = Mailbox()
    for number in range(LARGEST_BACKLOG):
        mailbox.put(shown(str(number)))
    mailbox.put(shown("0", version=2))
    assert not mailbox.closed
    mailbox.put(shown("one more"))
    assert mailbox.closed
    taken = 0
    while batch := mailbox.take():
        taken += len(batch)
    assert taken == LARGEST_BACKLOG


def test_what_it_remembers_is_bounded() -> None:
    mailbox = Mailbox()
    for number in range(3 * LARGEST_BACKLOG):
        mailbox.put(shown(str(number)))
        mailbox.take()
    assert len(mailbox._sent) == LARGEST_BACKLOG


async def test_progress_comes_a_few_times_a_second_and_only_the_latest() -> None:
    mailbox = Mailbox()
    loop = asyncio.get_running_loop()
    taken: list[tuple[float, float]] = []
    async with asyncio.timeout(10):
        while len(taken) < 4:
            before = loop.time()
            mailbox.put_progress("e1", StageName.SCAN, str(before).encode())
            if latest := mailbox.take_progress():
                assert latest == [str(before).encode()]
                taken.append((before, loop.time()))
            await asyncio.sleep(0.005)
    assert all(then - before >= 0.25 for (before, _), (_, then) in pairwise(taken))
    mailbox.put_progress("e1", StageName.SCAN, b"last")
    await mailbox.wait(loop.time() + 5)
    mailbox.take()
    await mailbox.wait(loop.time() + 5)
    assert mailbox.take_progress() == [b"last"]


async def test_a_change_makes_progress_before_it_void() -> None:
    mailbox = Mailbox()
    mailbox.put_progress("e1", StageName.SCAN, b"0.9")
    mailbox.put_progress("e2", StageName.SCAN, b"0.1")
    mailbox.put(shown("e1"))
    assert mailbox.take_progress() == [b"0.1"]


async def test_progress_that_nobody_takes_is_bounded() -> None:
    mailbox = Mailbox()
    for number in range(3 * LARGEST_BACKLOG):
        mailbox.put_progress(str(number), StageName.SCAN, b"")
    assert len(mailbox.take_progress()) == LARGEST_BACKLOG
    assert not mailbox.closed
