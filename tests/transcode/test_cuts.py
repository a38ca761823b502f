"""Where a film is cut, by its frames' time stamps."""

from fractions import Fraction

import pytest

from transcode.errors import DoesNotAddUp
from transcode.segments import MOST_SEGMENTS, cut, format_list
from transcode.timeline import Reader, Timeline, nearest


def timeline(frames: int, key_every: int, time_base: Fraction = Fraction(1, 30)) -> Timeline:
    return Timeline(time_base, tuple(range(frames)), tuple(range(0, frames, key_every)))


def test_a_film_is_cut_at_places_where_decoding_may_begin():
    cuts = cut(timeline(900, 50), None, 6)
    assert [part.first_tick for part in cuts] == [0, 600_000, 1_200_000, 1_800_000, 2_400_000]
    assert [part.end_tick for part in cuts] == [600_000, 1_200_000, 1_800_000, 2_400_000, None]
    assert [part.seek_us for part in cuts] == [0, 6_666_667, 13_333_333, 20_000_000, 26_666_667]
    assert sum(part.frames for part in cuts) == 900


def test_no_segment_at_the_end_is_much_shorter_than_the_others():
    cuts = cut(timeline(930, 30), None, 6)
    assert [part.frames for part in cuts] == [180, 180, 180, 180, 210]


def test_a_film_without_places_to_cut_at_is_left_whole():
    assert cut(timeline(9000, 9000), None, 6) == ()
    assert cut(timeline(9000, 4500), None, 6) == ()


def test_a_very_long_film_has_longer_segments_and_not_more():
    day = timeline(86_400, 1, Fraction(1, 1))
    assert len(cut(day, None, 60)) <= MOST_SEGMENTS
    assert sum(part.frames for part in cut(day, None, 60)) == 86_400


def test_dropped_frames_are_counted_on_the_grid_of_the_new_rate():
    cuts = cut(timeline(600, 60, Fraction(1, 60)), Fraction(30), 2)
    assert [part.frames for part in cuts] == [60, 60, 60, 60, 60]
    assert [part.first_tick for part in cuts] == [0, 180_000, 360_000, 540_000, 720_000]


def test_times_are_rounded_as_ffmpeg_rounds_them():
    halves = [Fraction(1, 2), Fraction(-1, 2), Fraction(3, 2), Fraction(149, 100), Fraction(-7, 1)]
    assert [nearest(value) for value in halves] == [1, -1, 2, 1, -7]


def test_the_list_places_each_file_at_its_tick():
    assert format_list(["a", "b", "c"], [1260, 541_260, 1_081_263]) == (
        "ffconcat version 1.0\nfile a\nduration 6000000us\nfile b\nduration 6000033us\nfile c\n"
    )


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["stream|time_base=1/30"],
        ["packet|pts=0|flags=K_"],
        ["packet|pts=N/A|flags=K_", "stream|time_base=1/30"],
        ["packet|pts=0|flags=K_", "stream|time_base=0/0"],
        ["packet|pts=0|flags=K_", "stream|time_base=1/0"],
        ["packet|flags", "stream|time_base=1/30"],
        [f"packet|pts={1 << 62}|flags=K_", "stream|time_base=1/1000"],
        [f"packet|pts=-{1 << 62}|flags=K_", "packet|pts=0|flags=__", "stream|time_base=1/1000"],
    ],
)
def test_a_film_whose_frames_have_no_times_is_not_cut(lines):
    def read() -> Timeline:
        reader = Reader(0)
        for line in lines:
            reader.on_line(line)
        return reader.timeline()

    with pytest.raises(DoesNotAddUp):
        read()


def test_frames_that_an_edit_list_cuts_away_do_not_count_and_times_begin_at_the_films_start():
    reader = Reader(-7000)
    for line in (
        "packet|pts=-7|flags=KD_",
        "packet|pts=33|flags=K__",
        "packet|pts=10|flags=__",
        "stream|time_base=1/1000",
    ):
        reader.on_line(line)
    assert reader.timeline() == Timeline(Fraction(1, 1000), (17, 40), (40,))
