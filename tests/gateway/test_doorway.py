"""How much of each connection is read at once."""

import pytest

from gateway.doorway import Reading


@pytest.mark.parametrize(
    ("connections", "expected"),
    [(0, 256 << 10), (1, 256 << 10), (64, 256 << 10), (200, 83886), (9000, 32 << 10)],
)
def test_the_more_connections_there_are_the_less_of_each_is_read_at_once(
    connections: int, expected: int
) -> None:
    reading = Reading()
    for _ in range(connections):
        reading.opened()
    assert len(reading.place()) == expected
    for _ in range(connections):
        reading.closed()
    assert len(reading.place()) == 256 << 10


def test_what_was_read_is_copied_before_the_next_connection_reads() -> None:
    reading = Reading()
    reading.place()[:5] = b"first"
    first = reading.read(5)
    reading.place()[:5] = b"other"
    assert (first, reading.read(5)) == (b"first", b"other")
