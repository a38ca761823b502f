from transcode.progress import Progress


def follow(
    duration_seconds: float | None, *lines: str
) -> tuple[list[bool], list[tuple[float, float | None]]]:
    told: list[tuple[float, float | None]] = []
    ticks = iter(range(1000))
    progress = Progress(duration_seconds, lambda *said: told.append(said), clock=lambda: float(next(ticks)))
    return [progress.on_line(line) for line in lines], told


def test_the_fraction_only_grows():
    moved, told = follow(10.0, "out_time_us=1000000", "out_time_us=500000", "frame=4", "out_time_us=5000000")
    assert moved == [True, False, False, True]
    assert [fraction for fraction, _ in told] == [0.1, 0.5]


def test_the_time_left_follows_from_the_time_taken():
    _, told = follow(10.0, "out_time_us=5000000")
    assert told == [(0.5, 1.0)]


def test_no_guess_is_made_from_nothing():
    assert follow(1000.0, "out_time_us=1000")[1] == [(1e-06, None)]


def test_only_the_end_is_the_whole():
    assert follow(10.0, "out_time_us=99000000")[1][0][0] == 0.99


def test_without_a_length_movement_still_counts():
    assert follow(None, "out_time_us=1", "out_time_us=2", "out_time_us=N/A") == ([True, True, False], [])
