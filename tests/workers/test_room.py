"""Who may run beside whom."""

import asyncio

from workers.room import Room


async def _stay(room: Room, name: str, log: list[str], leave: asyncio.Event, *, alone: bool = False) -> None:
    async with room.enter(alone=alone):
        log.append(name)
        await leave.wait()


async def test_one_alone_waits_for_those_inside_and_keeps_others_out():
    room, log, leave = Room(), [], asyncio.Event()
    first_leaves = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(_stay(room, "first", log, first_leaves))
        await asyncio.sleep(0)
        group.create_task(_stay(room, "alone", log, leave, alone=True))
        await asyncio.sleep(0)
        assert (log, room.open) == (["first"], False)
        first_leaves.set()
        await asyncio.sleep(0.01)
        group.create_task(_stay(room, "late", log, leave))
        await asyncio.sleep(0.01)
        assert log == ["first", "alone"]
        leave.set()
    assert log == ["first", "alone", "late"]
    assert room.open


async def test_two_that_run_alone_take_turns():
    room, log, leave = Room(), [], asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for name in ("a", "b"):
            group.create_task(_stay(room, name, log, leave, alone=True))
        await asyncio.sleep(0.01)
        assert log == ["a"]
        leave.set()
    assert log == ["a", "b"]


async def test_one_that_gives_up_waiting_opens_the_room_again():
    room, log, leave = Room(), [], asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(_stay(room, "first", log, leave))
        await asyncio.sleep(0)
        waiting = group.create_task(_stay(room, "alone", log, leave, alone=True))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.sleep(0.01)
        assert room.open
        leave.set()
    assert log == ["first"]
